"""SKUs for products that come without one: made from the words that name them in their shop.

The same words make the same SKU whenever they come, in whatever file and order.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable

from catalog.models import Product
from catalog.services.limits import limit_of
from catalog.services.slugs import slug_base

Identity = tuple[str, ...]

MARK_LENGTH = 6
NO_LETTERS = slug_base(Product, "")


def derived_skus(
    identities: Iterable[Identity], taken: Collection[str] = ()
) -> dict[Identity, str]:
    """Return an SKU for each identity: a product's handle, then a variant's option values.

    Readable, "GLOVES-GREEN"; with a mark at the end, "GLOVES-GREEN-3F2A9C", where the plain one
    would be another one's, is too long, or lacks letters. taken: SKUs that are somebody's.
    """
    others = {sku.casefold() for sku in taken}  # case alone tells no two products apart
    plain = {identity: _plain(identity) for identity in identities}
    counts = Counter(plain.values())
    return {
        identity: sku
        if sku and counts[sku] == 1 and sku.casefold() not in others
        else _marked(identity)
        for identity, sku in plain.items()
    }


def _plain(identity: Identity) -> str:
    """Return the words in capitals, "" when they do not tell the product without a mark."""
    words = _words(identity)
    limit = limit_of(Product, "sku") or 0
    return words if words and len(words) <= limit and not _loses_letters(identity) else ""


def _marked(identity: Identity) -> str:
    mark = hashlib.sha256("\n".join(identity).encode()).hexdigest()[:MARK_LENGTH].upper()
    room = (limit_of(Product, "sku") or 0) - MARK_LENGTH - 1
    words = _words(identity)[:room].strip("-")
    return f"{words}-{mark}" if words else f"ITEM-{mark}"


def _words(identity: Identity) -> str:
    text = " ".join(identity).replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    # A mark between two words or digits parts them: 1.7 is not 17.
    slug = slug_base(Product, re.sub(r"[^\w\s&]+", "-", text))
    return "" if slug == NO_LETTERS and not re.search("item", text, re.IGNORECASE) else slug.upper()


def _loses_letters(identity: Identity) -> bool:
    return any(
        char.isalnum() and not char.isascii() and slug_base(Product, char) == NO_LETTERS
        for char in "".join(identity)
    )
