"""Categories and tags of a sheet: texts looked up once each, the missing ones made when applied."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain

from django.utils.translation import gettext_lazy as _

from backoffice import set_writes
from backoffice.imports import sql
from backoffice.imports.checks import Check
from backoffice.imports.compound import pairs
from backoffice.imports.parse import Fault, shown
from backoffice.imports.relation import Relation
from backoffice.imports.table_checks import not_allowed
from backoffice.imports.table_sheet import SetPart
from backoffice.imports.tables import Note
from backoffice.imports.writing import Writing
from backoffice.models import ImportTerm
from backoffice.refused import Refused
from catalog import services
from catalog.models import ProductTag, Tag
from catalog.resources import category_paths

NAMED = 5


class CategoryPart(SetPart):
    """Paths of the tree; what is missing is made before the products are."""

    columns = ("category",)

    def resolve(self, relation: Relation) -> None:
        there = {" > ".join(path): pk for pk, path in category_paths().items()}
        texts = relation.distinct("category")
        relation.keep_terms("category", {text: there.get(text) for text in texts})
        missing = [text for text in texts if text not in there]
        relation.facts["bad_paths"] = bad = _bad_paths(missing)
        if good := [text for text in missing if text not in bad]:
            sentence = _named(_("New categories ({count}): {names}."), good)
            relation.notes.append(Note("new_categories", sentence))

    def checks(self, relation: Relation) -> Iterable[Check]:
        bad = relation.facts["bad_paths"]
        may_add = relation.allows("catalog.add_category")
        if relation.field("category") is None or (may_add and not bad):
            return

        def words(facts: dict[str, str]) -> Fault | None:
            path = facts["said"]
            if path in bad:
                refused = bad[path]
                return Fault(refused.code, refused.message, refused.way_out)
            if may_add:
                return None
            return not_allowed(what=_("add a category, as"), noun=path)

        said = relation.said_when_new("category")
        yield Check(
            field="category",
            when=f"{relation.changes('category')} AND {said} <> '' AND"
            " term_category.target_id IS NULL",
            needs={"said": said},
            words=words,
        )

    def write(self, relation: Relation, writing: Writing) -> None:
        missing = _missing(relation, "category", "target_id")
        if missing:
            made = services.ensure_category_paths(
                paths=missing, by=writing.by, reason=writing.reason
            )
            there = {" > ".join(path): pk for pk, path in category_paths().items()}
            there.update((path, category.pk) for path, category in made.items())
            texts = relation.distinct("category")
            relation.keep_terms("category", {text: there.get(text) for text in texts})


class OptionsPart(SetPart):
    """What sets a variant apart: texts become JSON, once each."""

    columns = ("options",)

    def resolve(self, relation: Relation) -> None:
        texts = relation.distinct("options")
        relation.keep_terms(
            "options", {text: sql.sorted_json(json.dumps(pairs(text))) for text in texts}
        )


class TagPart(SetPart):
    """Tags, whatever their case; a product bears exactly those that its row names."""

    columns = ("tags",)

    def resolve(self, relation: Relation) -> None:
        missing = self._keep(relation)
        if missing:
            sentence = _named(_("New tags ({count}): {names}."), sorted(missing))
            relation.notes.append(Note("new_tags", sentence))

    def checks(self, relation: Relation) -> Iterable[Check]:
        if relation.field("tags") is None or relation.allows("catalog.add_tag"):
            return
        said = relation.said_when_new("tags")
        known = {services.tag_key(tag.name) for tag in Tag.objects.all()}

        def words(facts: dict[str, str]) -> Fault:
            new = [name for name in facts["said"].split(",") if services.tag_key(name) not in known]
            return not_allowed(what=_("add a tag, as"), noun=min(new))

        yield Check(
            field="tags",
            when=f"{relation.changes('tags')} AND {said} <> '' AND term_tags.target_ids IS NULL",
            needs={"said": said},
            words=words,
        )

    def write(self, relation: Relation, writing: Writing) -> None:
        if not relation.fields["tags"].is_given:
            return
        missing = _missing(relation, "tags", "target_ids")
        if missing:
            names = sorted({name for text in missing for name in text.split(",")})
            services.ensure_tags(names=names, by=writing.by, reason=writing.reason)
            self._keep(relation)
        self._link(relation)

    def _keep(self, relation: Relation) -> list[str]:
        """Keep the keys of the tags that each text names; return the names that have none."""
        known = {services.tag_key(tag.name): tag.pk for tag in Tag.objects.order_by("-pk")}
        split = {text: text.split(",") for text in relation.distinct("tags")}
        # Thousands of texts are made of a few names.
        names = set(chain.from_iterable(split.values()))
        keys = {name: known.get(services.tag_key(name)) for name in names}
        relation.keep_terms(
            "tags", {text: _tag_ids(map(keys.get, some)) for text, some in split.items()}
        )
        return [name for name, key in keys.items() if key is None]

    def _link(self, relation: Relation) -> None:
        """Take links away that a row no longer names, and add those that it does."""
        tags = [relation.fields["tags"]]
        link = sql.table(ProductTag)
        wanted = sql.each_key("term_tags.target_ids", "wanted")
        touched = f"AND {relation.changes('tags')}"
        chosen = f"{relation.to_write(tags, joins=wanted)} {touched}"
        set_writes.delete_from(
            ProductTag,
            f"SELECT l.id FROM {link} l WHERE l.product_id IN (SELECT t.id"
            f" {relation.to_write(tags)} AND p.verdict = 'changed' {touched})"
            f" AND NOT EXISTS (SELECT 1 {chosen} AND p.target_id = l.product_id"
            " AND wanted.value = l.tag_id)",
        )
        # Products are locked, or new: nobody else gives them a link with a later key.
        ((last,),) = sql.rows(f"SELECT COALESCE(max(id), 0) FROM {link}")
        set_writes.insert_from(
            ProductTag,
            {"product_id": "c.product_id", "tag_id": "c.tag_id"},
            f"FROM (SELECT p.target_id AS product_id, wanted.value AS tag_id {chosen}) c"
            f" WHERE NOT EXISTS (SELECT 1 FROM {link} l WHERE l.product_id = c.product_id"
            " AND l.tag_id = c.tag_id) ORDER BY c.product_id, c.tag_id",
            ids=f"SELECT l.id AS id FROM {link} l WHERE l.id > {last}"
            f" AND l.product_id IN (SELECT p.target_id {relation.to_write([])})",
        )


def _bad_paths(texts: Iterable[str]) -> dict[str, Refused]:
    bad = {}
    for text in texts:
        try:
            services.category_path(text)
        except Refused as refused:
            bad[text] = refused
    return bad


def _tag_ids(keys: Iterable[int | None]) -> str | None:
    """Return keys as a term holds them; None when one is missing."""
    found = set(keys)
    return None if None in found else ",".join(map(str, sorted(filter(None, found))))


def _missing(relation: Relation, name: str, column: str) -> list[str]:
    """Return the texts of rows to write that stand for nothing yet."""
    field = relation.fields[name]
    terms = ImportTerm.objects.filter(run=relation.run, field=name, **{column: None})
    if not field.is_given or not terms.exists():
        return []
    said = relation.said_when_new(name)
    found = sql.rows(
        f"SELECT DISTINCT {said} {relation.to_write([field])} AND {relation.changes(name)}"
        f" AND {said} <> '' AND term_{name}.{column} IS NULL"
    )
    return sorted(text for (text,) in found)


def _named(sentence: object, names: list[str]) -> str:
    some = ", ".join(shown(name) for name in names[:NAMED])
    return str(sentence).format(count=len(names), names=some + (" …" if len(names) > NAMED else ""))
