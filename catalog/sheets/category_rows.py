"""The categories themselves: made from the root down, edited by the verbs of the tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.imports.parse import Fault, shown
from backoffice.imports.row_sheet import Part, Plan, Work
from backoffice.imports.rows import Row
from backoffice.imports.table_checks import not_allowed
from backoffice.imports.tables import Note
from backoffice.refused import Refused
from catalog import services
from catalog.models import Category
from catalog.resources import category_paths
from catalog.services import slugs
from catalog.services.categories import ADD

Names = tuple[str, ...]
NAMED = 5


class CategoryRows(Part):
    """Every row below the one that its path names; levels that no row names are made as well."""

    # --- Judging ---------------------------------------------------------------------------------

    def judge(self, plan: Plan) -> None:
        there = {path: pk for pk, path in category_paths().items()}
        placed = {path: row for row in plan.rows if (path := _path(row)) and _moves(row)}
        taken = dict(Category.objects.order_by().values_list("slug", "pk"))
        missing: set[Names] = set()
        for row in plan.rows:
            if _moves(row) and (path := _path(row)):
                self._judge_place(row, path, there)
                row.needs = placed.get(path[:-1])
                above = {path[:depth] for depth in range(1, len(path))}
                missing |= above - there.keys() - placed.keys()
                self._judge_levels(row, above - there.keys() - placed.keys(), plan)
            self._judge_texts(row, taken)
        if missing:
            plan.notes.append(_of_levels(missing))

    def _judge_place(self, row: Row, path: Names, there: Mapping[Names, int]) -> None:
        try:
            services.category_path(_written(path))
        except Refused as refused:
            row.refuse_by(refused, "path")
            return
        if path in there and (row.is_new or there[path] != row.current.pk):
            row.refuse_by(services.DuplicateCategory(name=path[-1]), "path")
        elif not row.is_new and _written(path).startswith(f"{row.changes['path'][0]} > "):
            parent = shown(_written(path[:-1]))
            row.refuse_by(services.CategoryCycle(category=row.current, parent=parent), "path")

    def _judge_levels(self, row: Row, missing: set[Names], plan: Plan) -> None:
        if missing and not plan.allows(ADD):
            first = _written(min(missing, key=len))
            row.refuse("path", not_allowed(what=_("add a category, as"), noun=shown(first)))

    def _judge_texts(self, row: Row, taken: Mapping[str, int]) -> None:
        slug = row.changes.get("slug", ("", ""))[1]
        if slug and slug in taken and (row.is_new or taken[slug] != row.current.pk):
            row.refuse_by(services.DuplicateCategorySlug(slug=shown(slug)), "slug")
        if row.is_new:
            return
        if "slug" in row.changes and not slug:
            row.refuse("slug", Fault("bad_slug", _("A category's slug cannot be empty.")))
        old, new = row.changes.get("description", ("", ""))
        if old and not new:
            row.note("description", "emptied", str(_("The description is emptied.")))

    # --- Writing ---------------------------------------------------------------------------------

    def apply(self, work: Work) -> None:
        places = {path: pk for pk, path in category_paths().items()}
        nodes = _nodes(work, places)
        slug_of = _slugs_of(nodes)
        for path, row in sorted(nodes.items(), key=lambda node: (len(node[0]), node[0])):
            try:
                if row is None or row.is_new:
                    places[path] = self._make(path, row, slug_of[path], places, work)
                    if row is not None:
                        work.made[row.key] = places[path]
                else:
                    self._edit(row, places, work)
            except Refused as refused:
                work.refused.append((row or _first_below(path, work), refused))
                return

    def _make(
        self, path: Names, row: Row | None, slug: str, places: dict[Names, int], work: Work
    ) -> int:
        made = services.create_category(
            name=path[-1],
            parent_id=_place(path[:-1], places, work),
            slug=slug,
            description=row.texts.get("description", "") if row is not None else "",
            by=work.by,
            reason=work.reason,
        )
        return made.pk

    def _edit(self, row: Row, places: dict[Names, int], work: Work) -> None:
        changes: dict[str, Any] = {
            name: row.texts[name] for name in ("slug", "description") if name in row.changes
        }
        if "path" in row.changes:
            path = row.values["path"]
            above = _place(path[:-1], places, work)
            changes["name"] = path[-1]
            changes["parent"] = Category.objects.get(pk=above) if above else None
        services.edit_category(
            category_id=row.current.pk, changes=changes, by=work.by, reason=work.reason
        )
        if "path" in row.changes:
            # Whatever hung below it hangs elsewhere now.
            places.clear()
            places.update((path, pk) for pk, path in category_paths().items())


def _path(row: Row) -> Names | None:
    return row.values.get("path") or None


def _moves(row: Row) -> bool:
    """Whether a row puts a category where none of its path is yet."""
    return row.is_new or "path" in row.changes


def _written(path: Names) -> str:
    return " > ".join(path)


def _place(path: Names, places: dict[Names, int], work: Work) -> int | None:
    """Return the category at a path, made if it is missing; None: the top of the tree."""
    if not path:
        return None
    if path not in places:
        services.ensure_category_paths(paths=[_written(path)], by=work.by, reason=work.reason)
        places.update((found, pk) for pk, found in category_paths().items())
    return places[path]


def _nodes(work: Work, places: Mapping[Names, int]) -> dict[Names, Row | None]:
    """Return what is made or edited, by path; None: a level that no row is about."""
    changed = [row for row in work.changed if row.changes]
    paths = {pk: path for path, pk in places.items()}
    nodes: dict[Names, Row | None] = {
        _path(row) or paths[row.current.pk]: row for row in [*changed, *work.new]
    }
    for path, row in list(nodes.items()):
        if row is not None and _moves(row):
            for depth in range(1, len(path)):
                if path[:depth] not in places:
                    nodes.setdefault(path[:depth], None)
    return nodes


def _slugs_of(nodes: Mapping[Names, Row | None]) -> dict[Names, str]:
    """Return a slug for each new node: its own, or one that no row asks for."""
    own = {path: row.texts["slug"] for path, row in nodes.items() if row and row.texts.get("slug")}
    made = (path for path, row in nodes.items() if row is None or row.is_new)
    nameless = sorted(path for path in made if path not in own)
    bases = [slugs.slug_base(Category, path[-1]) for path in nameless]
    free = slugs.free_slugs(Category, bases, reserved=set(own.values()))
    return own | dict(zip(nameless, free, strict=True))


def _first_below(path: Names, work: Work) -> Row:
    """Return the row for which a level was made."""
    return next(row for row in work.rows if (_path(row) or ())[: len(path)] == path)


def _of_levels(missing: set[Names]) -> Note:
    names = sorted(map(_written, missing))
    some = ", ".join(shown(name) for name in names[:NAMED])
    more = " …" if len(names) > NAMED else ""
    sentence = _("New levels that no row of the file is about ({count}): {names}.")
    return Note("new_categories", str(sentence).format(count=len(names), names=some + more))
