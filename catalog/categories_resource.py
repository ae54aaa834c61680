"""The columns of the category sheet, declared once: one row is one node of the tree."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from backoffice.changes import UnauditedWrite
from backoffice.imports.columns import Column, PathWidget, SlugWidget, TextWidget
from backoffice.imports.sources import Source, Texts, looked_up
from catalog.models import Category
from catalog.resources import category_paths
from catalog.services.fields import DESCRIPTION_MAX_LENGTH
from catalog.services.limits import limit_of

_PLACE, _TEXTS = _("Place in the tree"), _("Texts")


def _path_source() -> Source:
    return Source(F("id"), texts=_path_texts)


def _path_texts() -> Texts:
    widget, paths = PathWidget(), category_paths()
    return looked_up(lambda pk: widget.render(paths[int(pk)]) if pk else "")


class CategoriesResource(ModelResource):
    """One row is one category; the path says which, or the slug where the path shall change."""

    path = Column(
        "path",
        widget=PathWidget(longest=limit_of(Category, "name")),
        label=_("Path"),
        example="Kitchen > Tableware > Mugs",
        second_example="Kitchen > Coffee",
        help_text=_("The levels from the top, parted by “>”; missing ones are created."),
        is_required=True,
        group=_PLACE,
        source=_path_source,
    )
    slug = Column(
        "slug",
        widget=SlugWidget(longest=limit_of(Category, "slug")),
        label=_("Slug"),
        example="mugs",
        help_text=_("The address in the shop; blank: made from the name, once."),
        group=_PLACE,
    )
    description = Column(
        "description",
        widget=TextWidget(longest=DESCRIPTION_MAX_LENGTH, lines=True),
        label=_("Description"),
        example="Stoneware and porcelain for hot drinks.",
        help_text=_("Stands above the products in the shop; line breaks allowed."),
        group=_TEXTS,
    )

    class Meta:
        model = Category
        import_id_fields = ("path",)
        fields = ("path", "slug", "description")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._paths: dict[int, tuple[str, ...]] | None = None
        self.fields["path"].attribute = self._path

    def _path(self, category: Category) -> tuple[str, ...]:
        """Return where a category hangs; the whole tree is read once."""
        if self._paths is None:
            self._paths = category_paths()
        return self._paths[category.pk]

    def save_instance(self, *args: Any, **kwargs: Any) -> None:
        raise UnauditedWrite("Categories are imported by backoffice.imports, through services.")
