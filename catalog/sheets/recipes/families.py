"""Products whose variants stand on rows of their own, under one handle or one address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from catalog.sheets.recipes.foreign import Remarks, Source
from catalog.sheets.recipes.meanings import hang, inherit, price_of_variants, variant_name
from catalog.sheets.recipes.skus import Identity, derived_skus

INHERITED = ("category", "tags", "status", "tax_class", "currency")


@dataclass(frozen=True)
class Keys:
    """What a file calls the columns that make families."""

    sku: str
    handle: str
    name: str
    option: str
    price: str


@dataclass
class Variant:
    source: Source
    options: Mapping[str, str]


@dataclass
class Family:
    """A product and its variants; a single one without options is the product itself.

    first: the row that says what the product is. sku: the product's own, where its shop has one.
    """

    handle: str
    first: Source
    variants: list[Variant] = field(default_factory=list)
    sku: str = ""

    @property
    def is_single(self) -> bool:
        return len(self.variants) <= 1 and not any(one.options for one in self.variants)

    def identity(self, variant: Variant | None = None) -> Identity:
        """Return the words that tell the product, or one of its variants, from all others."""
        return (self.handle, *(variant.options.values() if variant else ()))


def skus_for(families: Iterable[Family], key: str) -> dict[Identity, str]:
    """Return an SKU for every parent and variant that has none."""
    wanted: list[Identity] = []
    taken = set()
    for family in families:
        if family.sku:
            taken.add(family.sku)
        elif family.handle and not family.is_single:
            wanted.append(family.identity())
        for variant in family.variants:
            if variant.source.has(key):
                taken.add(variant.source.text(key))
            elif family.handle and (variant.options or family.is_single):
                wanted.append(family.identity(variant))
    return derived_skus(dict.fromkeys(wanted), taken)


def put_sku(source: Source, key: str, identity: Identity, skus: Mapping[Identity, str]) -> None:
    """Hand on the SKU, or the one that was made for it."""
    if source.has(key):
        source.put("sku", key)
    elif identity in skus:
        source.put("sku", key, skus[identity])
        source.note(
            key,
            "sku_derived",
            _("It has no SKU there; {sku} was made from handle and options."),
            sku=skus[identity],
        )


def assemble(
    family: Family, parent: Source, keys: Keys, skus: Mapping[Identity, str], remarks: Remarks
) -> list[Source]:
    """Return the parent and, hung on it, its variants.

    parent: a row with the product's own cells; without an SKU it gets the one made for it. The
    variants have their own cells, but the SKU.
    """
    if "sku" not in parent.row.cells:
        parent.put("sku", keys.handle, skus[family.identity()])
        remarks.add(
            "parents_made",
            _(
                "A product with variants gets a row of its own for them to hang on, with an SKU "
                "made from its handle (products: {count}, the first on line {line})."
            ),
            parent,
            keys.handle,
        )
    name = parent.said("name")
    for variant in family.variants:
        child = variant.source
        put_sku(child, keys.sku, family.identity(variant), skus)
        hang(child, parent.said("sku"), variant.options, key=keys.handle, option_key=keys.option)
        if "name" not in child.row.cells and name:
            child.put("name", keys.name, variant_name(name, variant.options))
        inherit(child, parent, INHERITED)
    children = [variant.source for variant in family.variants]
    price_of_variants(parent, children, keys.price)
    return [parent, *children]
