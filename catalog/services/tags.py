"""Tags: free words that products are found by. Whatever the case, one word is one tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, steps
from backoffice.models import User
from backoffice.refused import BadValue, Refused, StaleVersion
from backoffice.steps import Outcome
from catalog.models import Product, ProductTag, Tag
from catalog.refusals import UnknownProduct, unknown_among
from catalog.services import slugs
from catalog.services.limits import limit_of
from catalog.services.rivals import rechecked


class DuplicateTag(Refused):
    sentence = _("There is a tag “{name}” already.")
    http_status = 409


class TagInUse(Refused):
    sentence = _("{count} products bear the tag “{name}”.")
    hint = _("Take it off those products first.")
    http_status = 409


def tag_key(name: str) -> str:
    """Return what makes two spellings one tag."""
    return " ".join(name.split()).casefold()


def clean_tag_name(name: str) -> str:
    """Return a tag's name as it is stored. Refuses: BadValue."""
    clean = " ".join(name.split())
    if not clean:
        raise BadValue(field=_("Tag"), problem=_("a tag needs a name."))
    limit = limit_of(Tag, "name")
    if limit and len(clean) > limit:
        raise BadValue(
            field=_("Tag"),
            problem=_("“{start}…” is longer than {limit} characters.").format(
                start=clean[:20], limit=limit
            ),
        )
    if "\x00" in clean or "," in clean:
        raise BadValue(field=_("Tag"), problem=_("a name has no comma and no NUL character."))
    return clean


def ensure_tags(*, names: Iterable[str], by: User, reason: str) -> dict[str, Tag]:
    """Return the tag of each name, as it was given; those that are missing are made.

    Refuses: BadValue; NotAllowed when one is missing and `by` may not add tags.
    Atomic: the new tags with a history row each.
    """
    given = {name: clean_tag_name(name) for name in names}
    if not given:
        return {}
    return rechecked(lambda: _ensure(given, by=by, reason=reason))


def _ensure(given: Mapping[str, str], *, by: User, reason: str) -> dict[str, Tag]:
    # There are hundreds of tags, not millions; both databases fold case differently, Python once.
    found = {tag_key(tag.name): tag for tag in Tag.objects.order_by("-pk")}
    missing: dict[str, str] = {}
    for name in given.values():
        if tag_key(name) not in found:
            missing.setdefault(tag_key(name), name)  # the first spelling stays
    # In one order, so that two who make the same tags wait for each other, and never crosswise.
    missing = dict(sorted(missing.items()))
    if missing:
        steps.require_permission(by, "catalog.add_tag", _("add a tag"))
        changes.say(action="catalog.create_tag", by=by, reason=reason)
        bases = [slugs.slug_base(Tag, name) for name in missing.values()]
        made = history.insert_rows(
            [
                Tag(name=name, slug=slug)
                for name, slug in zip(missing.values(), slugs.free_slugs(Tag, bases), strict=True)
            ]
        )
        found.update((tag_key(tag.name), tag) for tag in made)
    return {name: found[tag_key(clean)] for name, clean in given.items()}


def create_tag(*, name: str, by: User, reason: str) -> Tag:
    """Make one tag.

    Refuses: NotAllowed; BadValue; DuplicateTag.
    Atomic: one tag with one history row.
    """
    steps.require_permission(by, "catalog.add_tag", _("add a tag"))
    clean = clean_tag_name(name)
    with transaction.atomic():
        require_new(clean)
        return ensure_tags(names=[clean], by=by, reason=reason)[clean]


def rename_tag(*, tag_id: int, name: str, by: User, reason: str) -> Tag:
    """Spell a tag differently; its slug stays.

    Refuses: UnknownRow; NotAllowed; BadValue; DuplicateTag.
    Atomic: one tag with one history row.
    """
    clean = clean_tag_name(name)
    with steps.editing(Tag, tag_id, by=by, permission="catalog.change_tag", reason=reason) as tag:
        require_new(clean, but=tag)
        tag.name = clean
    return tag


def delete_tag(*, tag_id: int, by: User, reason: str) -> None:
    """Remove a tag that no product bears.

    Refuses: NotAllowed; UnknownRow; TagInUse.
    Atomic: one tag with one history row.
    """
    with steps.editing(Tag, tag_id, by=by, permission="catalog.delete_tag", reason=reason) as tag:
        if count := ProductTag.objects.filter(tag=tag).count():
            raise TagInUse(name=tag.name, count=count)
        history.delete_rows([tag])


def require_new(name: str, but: Tag | None = None) -> None:
    """Refuse with DuplicateTag when another tag is this word."""
    for tag in Tag.objects.all():
        if tag != but and tag_key(tag.name) == tag_key(name):
            raise DuplicateTag(name=tag.name)


def set_tags(
    *, product_id: int, names: Sequence[str], by: User, reason: str, version: int | None = None
) -> Product:
    """Let a product bear exactly these tags; missing ones are made.

    names: as people write them; the case does not matter.
    Refuses: NotAllowed; UnknownProduct; StaleVersion; BadValue.
    Atomic: locks the product; a history row for each link that comes or goes, and one for the
    product, whose version moves.
    """
    with steps.editing_many(
        Product, [product_id], by=by, permission="catalog.change_product", reason=reason
    ) as rows:
        if not rows:
            raise UnknownProduct(key=product_id)
        if version is not None and version != rows[0].version:
            raise StaleVersion(what=rows[0], theirs=rows[0].version, yours=version)
        retag(rows, {product_id: names}, by=by, reason=reason)
    return rows[0]


def set_tags_of_many(
    *, tags: Mapping[int, Sequence[str]], by: User, reason: str
) -> Outcome[Product]:
    """Let each product bear exactly its tags; missing ones are made.

    tags: names by product id.
    Refuses: NotAllowed; BadValue; per product: UnknownProduct.
    Atomic: one lock in key order; a history row for each link that comes or goes, and one for
    each product whose tags change.
    """
    with steps.editing_many(
        Product, list(tags), by=by, permission="catalog.change_product", reason=reason
    ) as rows:
        retag(rows, tags, by=by, reason=reason)
    return Outcome(done=rows, refused=unknown_among(tags, rows))


def retag(
    products: Iterable[Product], tags: Mapping[int, Sequence[str]], *, by: User, reason: str
) -> None:
    """Make the links of locked products what `tags` says; move the version of those that change."""
    wanted_tags = ensure_tags(
        names=[name for names in tags.values() for name in names], by=by, reason=reason
    )
    by_id = {product.pk: product for product in products}
    links: dict[int, dict[int, ProductTag]] = {pk: {} for pk in by_id}
    for link in ProductTag.objects.filter(product__in=by_id):
        links[link.product_id][link.tag_id] = link
    gone: list[ProductTag] = []
    new: list[ProductTag] = []
    for pk, product in by_id.items():
        wanted = {wanted_tags[name].pk for name in tags[pk]}
        gone += [link for tag_id, link in links[pk].items() if tag_id not in wanted]
        new += [ProductTag(product_id=pk, tag_id=t) for t in sorted(wanted - links[pk].keys())]
        if wanted != links[pk].keys():
            product.version += 1
    history.delete_rows(gone)
    history.insert_rows(new)


def link_tags(tags: Mapping[int, Sequence[str]], *, by: User, reason: str) -> None:
    """Give new products their tags."""
    found = ensure_tags(
        names=[name for names in tags.values() for name in names], by=by, reason=reason
    )
    history.insert_rows(
        [
            ProductTag(product_id=pk, tag_id=tag_id)
            for pk, names in tags.items()
            for tag_id in sorted({found[name].pk for name in names})
        ]
    )
