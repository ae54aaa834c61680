"""Saved recipes: one person assigns a supplier's columns, the next file is known again."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.imports import own_recipes, recipe_text, sheets
from backoffice.imports.choices import Blank, Choices, StockMeans
from backoffice.imports.read import open_table
from backoffice.imports.recipe_text import RecipeText, RecipeUnreadable
from backoffice.imports.recipes import choose, fingerprint
from backoffice.imports.tables import Reading
from backoffice.models import ImportRecipe
from backoffice.refused import BadValue, NotAllowed, StaleVersion, UnknownRow
from tests.sheets import csv_of

HEADER = ["Art-Nr", "Bezeichnung", "VK", "Notiz"]
FINGERPRINT = fingerprint(HEADER)
MAPPING = {"Art-Nr": "sku", "Bezeichnung": "name", "VK": "price", "Notiz": ""}
CHOICES = Choices(
    key="sku",
    mapping=MAPPING,
    blanks={"name": Blank.REFUSE},
    defaults={"status": "draft"},
    ignore_unknown=True,
    stock_means=StockMeans.DIFFERENCE,
    reading=Reading(encoding="cp1252", delimiter=";", decimal=",", header_row=3),
)


@pytest.fixture
def save(merchandiser):
    def save(**said):
        values = {
            "sheet": "products",
            "name": "Acme price list",
            "supplier": "Acme",
            "fingerprint": FINGERPRINT,
            "content": content(),
            "by": merchandiser,
            "reason": "Acme sends it every Monday",
        } | said
        return own_recipes.save_recipe(**values)

    return save


def content(choices=CHOICES, **said):
    return {"choices": choices.as_json(), "mode": "update", "policy": "good_rows"} | said


def products():
    return next(sheet for sheet in sheets.all_sheets() if sheet.name == "products")


def table_of(header=HEADER):
    return open_table(io.BytesIO(csv_of(header, ["A-1", "Becher", "12", "neu"])))


def test_saving_keeps_what_was_chosen_with_its_reason(save, merchandiser):
    recipe = save(name="  Acme   price list ")

    kept = ImportRecipe.objects.get()
    assert (kept.name, kept.supplier, kept.owner) == ("Acme price list", "Acme", merchandiser)
    assert own_recipes.choices_of(kept) == CHOICES.but(supplier="Acme")
    assert (kept.content["mode"], kept.content["policy"]) == ("update", "good_rows")
    assert recipe.history.get().history_type == "+"


def test_a_file_with_the_same_columns_is_known_again(save):
    recipe = save()

    chosen = choose(own_recipes.all_recipes(products()), table_of(HEADER[::-1]))

    assert (chosen.name, str(chosen.label)) == (f"own:{recipe.uuid}", "Acme price list")
    assert chosen.mode == "update"
    assert own_recipes.recipe_for("products", FINGERPRINT) == recipe


def test_a_saved_recipe_goes_before_those_that_come_with_the_sheet(save):
    header = ["sku", "name", "price", "Notiz"]
    save(fingerprint=fingerprint(header))

    chosen = choose(own_recipes.all_recipes(products()), table_of(header))

    assert chosen.name.startswith("own:")


def test_it_maps_the_columns_as_they_were_assigned(save, merchandiser):
    save()
    chosen = choose(own_recipes.all_recipes(products()), table_of())

    mapped = chosen.map(table_of(), ignore_unknown=False, now=None)

    (chunk,) = mapped.chunks
    assert chunk.columns == {"sku": ("A-1",), "name": ("Becher",), "price": ("12",)}
    assert mapped.columns == {"sku": ["Art-Nr"], "name": ["Bezeichnung"], "price": ["VK"]}


def test_other_columns_are_not_known_again(save):
    save()

    assert own_recipes.recipe_for("products", fingerprint([*HEADER, "Neu"])) is None
    assert own_recipes.recipe_for("orders", FINGERPRINT) is None
    assert own_recipes.recipe_for("products", "") is None


def test_of_two_the_newest_in_use_is_taken(save, merchandiser):
    first, second = save(), save(name="Acme, new")

    assert own_recipes.recipe_for("products", FINGERPRINT) == second
    chosen = choose(own_recipes.all_recipes(products()), table_of())
    assert chosen.name == f"own:{second.uuid}"

    own_recipes.archive_recipe(recipe_id=second.pk, by=merchandiser, reason="")
    assert own_recipes.recipe_for("products", FINGERPRINT) == first


def test_renaming_counts_versions_and_keeps_the_history(save, merchandiser):
    recipe = save()

    renamed = own_recipes.rename_recipe(
        recipe_id=recipe.pk, name="Acme weekly", by=merchandiser, reason="clearer"
    )

    assert (renamed.name, renamed.version) == ("Acme weekly", 2)
    assert renamed.history.count() == 2
    with pytest.raises(StaleVersion):
        own_recipes.rename_recipe(
            recipe_id=recipe.pk, name="X", by=merchandiser, reason="", version=1
        )


def test_two_in_use_do_not_share_a_name(save, merchandiser):
    recipe, other = save(), save(name="Other")

    with pytest.raises(own_recipes.RecipeNameTaken, match="Acme price list"):
        save()
    with pytest.raises(own_recipes.RecipeNameTaken):
        own_recipes.rename_recipe(recipe_id=other.pk, name=recipe.name, by=merchandiser, reason="")

    own_recipes.archive_recipe(recipe_id=recipe.pk, by=merchandiser, reason="gone")
    assert save().name == recipe.name


def test_archiving_leaves_the_row_and_says_why(save, merchandiser):
    recipe = save()

    own_recipes.archive_recipe(recipe_id=recipe.pk, by=merchandiser, reason="Acme is no more")
    own_recipes.archive_recipe(recipe_id=recipe.pk, by=merchandiser, reason="again")

    recipe.refresh_from_db()
    assert recipe.is_archived
    assert recipe.history.count() == 2
    assert [one.name for one in own_recipes.all_recipes(products())] == [
        one.name for one in products().recipes
    ]


@pytest.mark.parametrize("role", ["support", "fulfilment", "auditor"])
def test_only_who_may_load_the_sheet_keeps_recipes(role, save, make_user):
    recipe, who = save(), make_user(role, email="other@example.com")

    with pytest.raises(NotAllowed):
        save(by=who, name="Other")
    with pytest.raises(NotAllowed):
        own_recipes.rename_recipe(recipe_id=recipe.pk, name="X", by=who, reason="")
    with pytest.raises(NotAllowed):
        own_recipes.archive_recipe(recipe_id=recipe.pk, by=who, reason="")
    with pytest.raises(NotAllowed):
        own_recipes.from_text(own_recipes.as_text(recipe), name="Y", by=who, reason="")


def test_a_recipe_that_is_not_there_is_refused(admin):
    with pytest.raises(UnknownRow):
        own_recipes.rename_recipe(recipe_id=10**9, name="X", by=admin, reason="")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"name": "  "}, "needed"),
        ({"name": "x" * 61}, "61 characters"),
        ({"supplier": "x" * 81}, "81 characters"),
        ({"name": "a\x00b"}, "invisible"),
        ({"content": content(CHOICES.but(mapping={"A\x00": "sku"}))}, "invisible"),
        ({"content": content(CHOICES.but(defaults={"status": "\ud800"}))}, "invisible"),
        ({"sheet": "socks"}, "socks"),
        ({"fingerprint": "abc"}, "abc"),
        ({"content": content(mode="sideways")}, "sideways"),
        ({"content": content(policy="whatever")}, "whatever"),
        ({"content": {}}, "none is assigned"),
        ({"content": content(CHOICES.but(mapping={"A": "", "B": ""}))}, "none is assigned"),
        ({"content": content(CHOICES.but(mapping={"A": "socks"}))}, "socks"),
        ({"content": content(CHOICES.but(mapping={"A": "sku", "B": "sku"}))}, "twice"),
        ({"content": content(CHOICES.but(key="socks"))}, "socks"),
        ({"content": content(CHOICES.but(blanks={"socks": "keep"}))}, "socks"),
        ({"content": content(CHOICES.but(blanks={"name": "burn"}))}, "burn"),
        ({"content": content(CHOICES.but(defaults={"socks": "1"}))}, "socks"),
        ({"content": content(CHOICES.but(stock_means="guessed"))}, "guessed"),
        ({"content": content(CHOICES.but(reading=Reading(encoding="klingon")))}, "klingon"),
        ({"content": content(CHOICES.but(reading=Reading(delimiter=";;")))}, "one character"),
        ({"content": content(CHOICES.but(reading=Reading(decimal="x")))}, "x"),
        ({"content": content(CHOICES.but(reading=Reading(header_row=-1)))}, "0 or more"),
    ],
)
def test_what_no_run_could_start_with_is_refused(save, said, words):
    with pytest.raises(BadValue, match=words):
        save(**said)

    assert not ImportRecipe.objects.exists()


def test_a_recipe_goes_out_as_text_and_comes_back(save, merchandiser):
    recipe = save()

    text = own_recipes.as_text(recipe)
    again = own_recipes.from_text(text, name="Copy", by=merchandiser, reason="from a colleague")

    assert '"VK" = "price"' in text.replace("VK =", '"VK" =')
    assert 'supplier = "Acme"' in text
    assert (again.name, again.content) == ("Copy", recipe.content)
    assert (again.fingerprint, again.supplier) == (recipe.fingerprint, recipe.supplier)


WHOLE = recipe_text.write(RecipeText(sheet="products", name="Acme", choices=CHOICES))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "format"),
        ("this is no recipe", "line 1"),
        ("\x00", "line 1"),
        ("format = 2\nsheet = 'products'\nname = 'A'\n[columns]\nA = 'sku'", "format must be 1"),
        (WHOLE.replace("format = 1", "format = true"), "format"),
        (WHOLE.replace("sheet =", "sheets ="), "sheets means nothing"),
        (WHOLE.replace('name = "Acme"', "name = 3"), "name must be a text"),
        (WHOLE.replace('name = "Acme"\n', ""), "name is missing"),
        (WHOLE.replace("[columns]", "[colours]"), "colours means nothing"),
        (WHOLE.replace('VK = "price"', "VK = 1.5"), "VK must be a text"),
        (WHOLE.replace('VK = "price"', "VK.deep = 'price'"), "VK must be a text"),
        (WHOLE.replace("header_row = 3", "header_row = true"), "header_row must be a whole"),
        (WHOLE.replace("header_rows = 0", "colour = 'red'"), "colour means nothing"),
        (WHOLE.replace("header_row = 3", f"header_row = {'9' * 5000}"), "beyond"),
        (WHOLE + "#" * recipe_text.MAX_CHARACTERS, "too long"),
        ("a = " + "[" * 5000, ""),
    ],
)
def test_a_broken_text_is_refused_with_a_sentence(text, words):
    with pytest.raises(RecipeUnreadable, match="no recipe that can be read") as caught:
        recipe_text.read(text)

    assert words in str(caught.value)


def test_what_no_text_can_hold_is_not_written():
    with pytest.raises(RecipeUnreadable):
        recipe_text.write(RecipeText(sheet="products", name="A", choices=CHOICES.but(key="\ud800")))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
pairs = st.dictionaries(texts, texts, max_size=5)
readings = st.builds(
    Reading,
    encoding=texts,
    delimiter=texts,
    decimal=texts,
    sheet=texts,
    header_row=st.none() | st.integers(-(2**63), 2**63 - 1),
    header_rows=st.integers(-(2**63), 2**63 - 1),
)
named = texts.filter(bool)
recipes = st.tuples(
    named, named, texts, texts, texts, texts, pairs.filter(bool), pairs, pairs, texts, texts,
    st.booleans(), readings,
).map(
    lambda said: RecipeText(
        sheet=said[0], name=said[1], supplier=said[2], fingerprint=said[3], mode=said[4],
        policy=said[5],
        choices=Choices(
            mapping=said[6], blanks=said[7], defaults=said[8], key=said[9], stock_means=said[10],
            ignore_unknown=said[11], reading=said[12], supplier=said[2],
        ),
    )
)  # fmt: skip


@given(recipes)
def test_whatever_a_recipe_says_its_text_says_it_too(recipe):
    assert recipe_text.read(recipe_text.write(recipe)) == recipe


@given(st.text(max_size=200))
def test_no_text_is_more_than_refused(text):
    with pytest.raises(RecipeUnreadable):
        recipe_text.read(text)
