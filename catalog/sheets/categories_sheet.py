"""The category sheet: which files lead to the tree, and what says which node a row is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.imports.choices import Choices
from backoffice.imports.columns import PathWidget
from backoffice.imports.guess import Hints
from backoffice.imports.recipes import Recipe, StandardRecipe
from backoffice.imports.row_sheet import RowPlanner, RowSheet
from backoffice.imports.rows import Row
from backoffice.imports.sheets import register
from backoffice.models import ImportRun, User
from catalog.categories_resource import CategoriesResource
from catalog.models import Category
from catalog.resources import category_paths
from catalog.services import locks
from catalog.sheets.category_rows import CategoryRows
from catalog.sheets.synonyms import SYNONYMS

AT_ONCE = 1_000


@register
class CategoriesSheet(RowSheet):
    """Nodes of the category tree, one a row: thousands at most."""

    name = "categories"
    label = _("Categories")
    noun = _("category")
    resource_class = CategoriesResource
    key = "path"
    keys = ("path", "slug")
    unique = ("slug",)
    title_column = "path"
    summary = ("slug", "description")
    parts = (CategoryRows(),)
    hints = Hints(synonyms={"path": SYNONYMS["category"], "slug": SYNONYMS["slug"]})
    import_permission = "catalog.change_category"
    import_words = _("import categories")
    export_permission = "catalog.export_product"
    export_words = _("export categories")
    add_permission = "catalog.add_category"
    change_permission = "catalog.change_category"

    @cached_property
    def recipes(self) -> Sequence[Recipe]:
        columns = list(self.columns().values())
        return (StandardRecipe("standard", _("Our own sheet"), columns, "path"),)

    def find(self, keys: Iterable[str]) -> Mapping[str, Any]:
        """Return the categories at these paths."""
        wanted, widget = set(keys), PathWidget()
        ids = {
            pk: text
            for pk, path in category_paths().items()
            if (text := widget.render(path)) in wanted
        }
        found: dict[str, Category] = {}
        asked = sorted(ids)
        for start in range(0, len(asked), AT_ONCE):
            some = Category.objects.filter(pk__in=asked[start : start + AT_ONCE])
            found.update((ids[row.pk], row) for row in some)
        return found

    def lock(self, ids: Iterable[int]) -> None:
        """Hold the tree first, as every verb does that changes its shape."""
        locks.lock_tree()
        super().lock(ids)

    def planner(self, run: ImportRun, by: User) -> RowPlanner:
        by_slug = Choices.from_json(run.choices).key == "slug"
        return _CategoryPlanner(_CategoriesBySlug() if by_slug else self, run, by)


class _CategoriesBySlug(CategoriesSheet):
    """The same sheet where the slug says which category is meant: its path may change."""

    key = "slug"
    unique = ("path",)

    def find(self, keys: Iterable[str]) -> Mapping[str, Any]:
        return RowSheet.find(self, keys)


class _CategoryPlanner(RowPlanner):
    def _row(self, stored: Any, findings: Sequence[Any]) -> Row:
        """Take the whole path for the key: what is stored as such is cut short."""
        row = super()._row(stored, findings)
        row.key = row.texts.get(self.sheet.key, row.key)
        return row
