"""What the catalogue puts into the layout of the pages outside the console."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from backoffice.cache import generation_of
from backoffice.layout import Part, register
from catalog import cache


def _roots(request: HttpRequest) -> dict[str, Any]:
    tree = cache.category_tree(generation_of(request, cache.SUBJECT))
    return {"roots": [branch for branch in tree if branch.parent is None and branch.products]}


register(
    Part(name="search", slot="search", template="shop/layout/search.html"),
    Part(name="categories", slot="menu", template="shop/layout/menu.html", context=_roots),
)
