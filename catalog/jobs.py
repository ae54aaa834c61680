"""The kinds of work that the catalogue has done in the background: thin, each calls a service."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice import jobs
from catalog.services import search_index, views


@jobs.periodic(search_index.KIND, every_minutes=10, label=_("Keep the search index"))
def index_products(run: jobs.Run) -> dict[str, int]:
    """Read the words of products that changed."""
    return {"products": search_index.read_words(run)}


@jobs.kind(views.KIND, label=_("Count the views of products"))
def count_views(run: jobs.Run) -> dict[str, int]:
    """Add what a web process counted."""
    return {"views": views.write_views(run)}
