"""The pages of saved recipes: list, one recipe, rename, archive, and as text."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from backoffice.imports import own_recipes
from backoffice.models import ImportRecipe
from tests.conftest import ROLES

MAY_WRITE = {"merchandiser", "manager"}
FROM_TEXT = "admin:backoffice_importrecipe_from_text"


def address(what, *args):
    return reverse(f"admin:backoffice_importrecipe_{what}", args=args)


@pytest.fixture
def recipe(merchandiser) -> ImportRecipe:
    return own_recipes.save_recipe(
        sheet="products",
        name="Müller",
        supplier="Müller & Söhne",
        fingerprint="a" * 64,
        content={
            "choices": {
                "mapping": {"Artikel": "sku", "VK": "price", "Rest": ""},
                "blanks": {"price": "clear"},
                "defaults": {"currency": "EUR"},
                "reading": {"encoding": "cp1252", "delimiter": ";", "decimal": ","},
            }
        },
        by=merchandiser,
        reason="",
    )


@pytest.fixture
def desk(sign_in, merchandiser):
    return sign_in(merchandiser)


def test_the_list_names_supplier_and_sheet(desk, recipe):
    page = desk.get(address("changelist"))

    assert "Müller &amp; Söhne" in page.text
    assert "Products" in page.text


def test_a_recipe_says_what_it_assigns_and_how_it_reads(desk, recipe):
    page = desk.get(address("change", recipe.pk))

    for words in ("Artikel", "SKU", "left aside", "empties it", "EUR", "cp1252", "semicolon"):
        assert words in page.text


def test_a_recipe_can_be_renamed(desk, recipe):
    act = address("act", recipe.pk, "rename")
    dialog = desk.get(act)
    assert 'value="Müller"' in dialog.text

    desk.post(act, {"name": "Müller 2026", "row_version": "1", "idempotency_key": "k1"})

    recipe.refresh_from_db()
    assert recipe.name == "Müller 2026"


def test_an_archived_recipe_is_no_longer_offered(desk, recipe):
    act = address("act", recipe.pk, "archive")

    desk.post(act, {"row_version": "1", "idempotency_key": "k1"})

    recipe.refresh_from_db()
    assert recipe.is_archived
    assert own_recipes.recipe_for("products", "a" * 64) is None


def test_a_recipe_goes_out_and_comes_in_as_text(desk, recipe):
    out = desk.get(address("text", recipe.pk))
    text = out.content.decode()
    assert 'filename="muller.toml"' in out["Content-Disposition"]

    page = desk.post(reverse(FROM_TEXT), {"text": text, "name": "Copy"}, follow=True)

    assert "“Copy” was saved." in page.text
    copy = ImportRecipe.objects.get(name="Copy")
    assert copy.content["choices"]["mapping"] == recipe.content["choices"]["mapping"]


def test_a_text_may_come_as_a_file(desk, recipe):
    content = desk.get(address("text", recipe.pk)).content
    file = SimpleUploadedFile("recipe.toml", content)

    desk.post(reverse(FROM_TEXT), {"file": file, "name": "Copy"})

    assert ImportRecipe.objects.filter(name="Copy").exists()


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, "Paste a recipe, or choose its file."),
        ({"text": "hello"}, "no recipe that can be read"),
        ({"text": "\x00"}, ""),
        ({"file": SimpleUploadedFile("x.toml", b"\xff\xfe\x00")}, "no recipe that can be read"),
    ],
)
def test_a_text_that_is_no_recipe_is_answered_with_a_sentence(desk, answers, words):
    page = desk.post(reverse(FROM_TEXT), answers)

    assert page.status_code == 422
    assert words in page.text
    assert not ImportRecipe.objects.exists()


def test_a_name_that_is_taken_is_refused_and_the_text_kept(desk, recipe):
    text = desk.get(address("text", recipe.pk)).content.decode()

    page = desk.post(reverse(FROM_TEXT), {"text": text})

    assert page.status_code == 409
    assert "There is a recipe “Müller”" in page.text
    assert "Artikel" in page.text


@pytest.mark.parametrize("role", ROLES)
def test_recipes_are_written_by_those_who_may_load_such_sheets(sign_in, make_user, recipe, role):
    user = make_user(role, email="somebody@example.com")
    user.user_permissions.add(Permission.objects.get(codename="view_importrecipe"))
    client = sign_in(user)
    text = own_recipes.as_text(recipe)

    seen = client.get(address("change", recipe.pk))
    saved = client.post(reverse(FROM_TEXT), {"text": text, "name": "Copy"})
    renamed = client.post(
        address("act", recipe.pk, "rename"),
        {"name": "Other", "row_version": "1", "idempotency_key": "k1"},
    )

    recipe.refresh_from_db()
    assert seen.status_code == 200
    assert (saved.status_code == 302) is (role in MAY_WRITE)
    assert (recipe.name == "Other") is (role in MAY_WRITE)
    assert renamed.status_code == (302 if role in MAY_WRITE else 403)
