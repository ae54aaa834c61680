"""The category tree. Whatever changes its shape holds the tree lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes as change_sets
from backoffice import history, steps
from backoffice.models import User
from backoffice.refused import BadValue, Refused, UnknownRow
from catalog.models import Category, Product
from catalog.services import locks, slugs
from catalog.services.limits import label_of, limit_of

SEPARATOR = ">"
# No shop's menu is half as deep; whatever walks the tree may count on an end.
MOST_LEVELS = 20
EDITABLE = ("name", "slug", "description")
ADD, CHANGE, DELETE = (f"catalog.{verb}_category" for verb in ("add", "change", "delete"))


class CategoryCycle(Refused):
    """facts: category, parent."""

    sentence = _("“{category}” cannot hang below “{parent}”: that is below “{category}” itself.")
    hint = _("Move “{parent}” out of it first.")
    http_status = 409


class CategoryInUse(Refused):
    """facts: category, products, children."""

    sentence = _("“{category}” has {products} products and {children} subcategories.")
    hint = _("Move them elsewhere first.")
    http_status = 409


class DuplicateCategory(Refused):
    """facts: name."""

    sentence = _("There is a category “{name}” in the same place already.")
    http_status = 409


class DuplicateCategorySlug(Refused):
    """facts: slug."""

    sentence = _("The slug {slug} belongs to another category already.")
    http_status = 409


class CategoryTooDeep(Refused):
    """facts: levels, limit."""

    sentence = _("That would be a tree of {levels} levels; at most {limit} are allowed.")
    hint = _("Hang it further up.")


class BadCategoryPath(Refused):
    """facts: path."""

    sentence = _("“{path}” is no category path: between two “>” there must be a name.")
    hint = _("Write it like Kitchen > Coffee.")


def create_category(
    *,
    name: str,
    by: User,
    reason: str,
    parent_id: int | None = None,
    slug: str = "",
    description: str = "",
) -> Category:
    """Add a category to the tree.

    parent_id: None: at the top. slug: blank: made from the name.
    Refuses: NotAllowed; BadValue; UnknownRow; CategoryTooDeep; DuplicateCategory;
    DuplicateCategorySlug.
    Atomic: holds the tree lock; one category with one history row.
    """
    steps.require_permission(by, ADD, _("add a category"))
    clean = _clean({"name": name, "description": description, **({"slug": slug} if slug else {})})
    with transaction.atomic():
        locks.lock_tree()
        category = Category(**clean)
        _hang(category, _existing(parent_id) if parent_id else None)
        if not category.slug:
            base = slugs.slug_base(Category, category.name)
            category.slug = slugs.free_slugs(Category, [base])[0]
        change_sets.say(action="catalog.create_category", by=by, reason=reason)
        with _kindly(category):
            category.save()
    return category


def edit_category(
    *,
    category_id: int,
    changes: Mapping[str, Any],
    by: User,
    reason: str,
    version: int | None = None,
) -> Category:
    """Change a category's name, slug or description; a new name leaves the slug alone.

    changes: any of name, slug, description, and `parent` (a row or None) to move it as well.
    Refuses: UnknownRow; NotAllowed; StaleVersion; BadValue; CategoryCycle; CategoryTooDeep;
    DuplicateCategory; DuplicateCategorySlug.
    Atomic: holds the tree lock; one save and one history row, none when nothing differs.
    """
    values = dict(changes)
    moves = "parent" in values
    parent = values.pop("parent", None)
    clean = _clean(values)
    with transaction.atomic():
        locks.lock_tree()
        with (
            _kindly(Category(pk=category_id, **clean)),
            steps.editing(
                Category, category_id, by=by, permission=CHANGE, reason=reason, version=version
            ) as category,
        ):
            for name, value in clean.items():
                setattr(category, name, value)
            if moves:
                _hang(category, parent)
    return category


def move_category(
    *,
    category_id: int,
    parent_id: int | None,
    by: User,
    reason: str,
    version: int | None = None,
) -> Category:
    """Hang a category, with everything below it, under another one.

    parent_id: None: at the top.
    Refuses: UnknownRow; NotAllowed; StaleVersion; CategoryCycle; CategoryTooDeep;
    DuplicateCategory.
    Atomic: holds the tree lock; one save and one history row.
    """
    parent = _existing(parent_id) if parent_id else None
    return edit_category(
        category_id=category_id, changes={"parent": parent}, by=by, reason=reason, version=version
    )


def delete_category(*, category_id: int, by: User, reason: str, version: int | None = None) -> None:
    """Remove a category that has neither products nor subcategories.

    Refuses: UnknownRow; NotAllowed; StaleVersion; CategoryInUse.
    Atomic: holds the tree lock; one category with one history row.
    """
    with transaction.atomic():
        locks.lock_tree()
        with steps.editing(
            Category, category_id, by=by, permission=DELETE, reason=reason, version=version
        ) as category:
            products = Product.objects.filter(category=category).count()
            children = Category.objects.filter(parent=category).count()
            if products or children:
                raise CategoryInUse(category=category, products=products, children=children)
            history.delete_rows([category])


def ensure_category_paths(*, paths: Iterable[str], by: User, reason: str) -> dict[str, Category]:
    """Return the category at each path ("Kitchen > Coffee"), as it was given; make what is missing.

    Refuses: BadCategoryPath; CategoryTooDeep; BadValue; NotAllowed when one is missing and `by`
    may not add any.
    Atomic: holds the tree lock while it adds; one history row for each new category.
    """
    wanted = {path: category_path(path) for path in paths}
    with transaction.atomic():
        by_path = _tree()
        if any(names not in by_path for names in wanted.values()):
            locks.lock_tree()
            by_path = _tree()  # what somebody else added while we waited
            _grow(by_path, wanted.values(), by=by, reason=reason)
    return {path: by_path[names] for path, names in wanted.items()}


def category_path(path: str) -> tuple[str, ...]:
    """Return the names along a path. Refuses: BadCategoryPath; CategoryTooDeep; BadValue."""
    names = tuple(" ".join(name.split()) for name in path.split(SEPARATOR))
    if not all(names):
        raise BadCategoryPath(path=path)
    if len(names) > MOST_LEVELS:
        raise CategoryTooDeep(levels=len(names), limit=MOST_LEVELS)
    return tuple(_clean({"name": name})["name"] for name in names)


def _tree() -> dict[tuple[str, ...], Category]:
    """Return every category by the names from the root to it."""
    rows = {row.pk: row for row in Category.objects.order_by()}

    def names(row: Category) -> tuple[str, ...]:
        above = names(rows[row.parent_id]) if row.parent_id else ()
        return (*above, row.name)

    return {names(row): row for row in rows.values()}


def _grow(
    by_path: dict[tuple[str, ...], Category],
    wanted: Iterable[tuple[str, ...]],
    *,
    by: User,
    reason: str,
) -> None:
    """Add the missing categories, level by level, into the table and into `by_path`."""
    paths = {names[:depth] for names in wanted for depth in range(1, len(names) + 1)}
    missing = sorted(paths - by_path.keys(), key=lambda names: (len(names), names))
    if not missing:
        return
    steps.require_permission(by, ADD, _("add a category"))
    change_sets.say(action="catalog.create_category", by=by, reason=reason)
    bases = [slugs.slug_base(Category, names[-1]) for names in missing]
    slug_of = dict(zip(missing, slugs.free_slugs(Category, bases), strict=True))
    for depth in sorted({len(names) for names in missing}):
        level = [names for names in missing if len(names) == depth]
        made = history.insert_rows(
            [
                Category(name=names[-1], slug=slug_of[names], parent=by_path.get(names[:-1]))
                for names in level
            ]
        )
        by_path.update(zip(level, made, strict=True))


def parent_or_none(category_id: int | None) -> Category | None:
    """Return a category to hang another one below. Refuses: UnknownRow."""
    return _existing(category_id) if category_id is not None else None


def bring_back_category(category: Category) -> Category:
    """Insert a deleted category where it hung; the caller holds the tree lock.

    Refuses: UnknownRow when its parent is gone; CategoryTooDeep; DuplicateCategory;
    DuplicateCategorySlug.
    """
    _hang(category, parent_or_none(category.parent_id))
    with _kindly(category):
        return history.insert_rows([category])[0]


def _existing(category_id: int) -> Category:
    category = Category.objects.get_or_none(pk=category_id)
    if category is None:
        raise UnknownRow(what=_("category"), key=category_id)
    return category


def _hang(category: Category, parent: Category | None) -> None:
    """Give a locked category another parent; under the tree lock nobody else closes a ring."""
    above, levels = parent, _height(category)
    while above is not None:
        if above.pk == category.pk:
            raise CategoryCycle(category=category, parent=parent)
        above, levels = _existing(above.parent_id) if above.parent_id else None, levels + 1
    if parent is not None and levels > MOST_LEVELS:
        raise CategoryTooDeep(levels=levels, limit=MOST_LEVELS)
    category.parent = parent


def _height(category: Category) -> int:
    """Return how many levels a category brings along, its own among them."""
    levels, row = 0, [category.pk] if category.pk else []
    while row:
        row = list(Category.objects.filter(parent__in=row).values_list("pk", flat=True))
        levels += 1
    return levels or 1


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return name, slug and description as they are stored. Refuses: BadValue."""
    clean: dict[str, Any] = {}
    for field, value in values.items():
        if field not in EDITABLE:
            raise BadValue(field=field, problem=_("cannot be changed here."))
        label, limit = label_of(Category, field), limit_of(Category, field)
        text = " ".join(value.split()) if field == "name" else value.strip()
        if "\x00" in text:
            raise BadValue(field=label, problem=_("there is an invisible NUL character in it."))
        if not text and field != "description":
            raise BadValue(field=label, problem=_("it is needed."))
        if limit and len(text) > limit:
            raise BadValue(
                field=label, problem=_("at most {limit} characters fit.").format(limit=limit)
            )
        if field == "name" and SEPARATOR in text:
            raise BadValue(field=label, problem=_("“>” parts the levels of a path; leave it out."))
        if field == "slug" and text != slugs.slug_base(Category, text):
            raise BadValue(
                field=label, problem=_("use lower-case letters, digits and single hyphens.")
            )
        clean[field] = text
    return clean


@contextmanager
def _kindly(category: Category) -> Iterator[None]:
    """The unique constraints are the guarantee; these are their sentences."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        rivals = Category.objects.exclude(pk=category.pk)
        if category.slug and rivals.filter(slug=category.slug).exists():
            raise DuplicateCategorySlug(slug=category.slug) from error
        raise DuplicateCategory(name=category.name) from error
