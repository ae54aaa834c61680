"""The product's form: one service, one history row, and a sentence for everything refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from backoffice import changes
from catalog import services
from catalog.models import Product, ProductImage
from tests.catalog.admin.conftest import filled, page, said, saved
from tests.catalog.factories import CategoryFactory, picture_bytes

pytestmark = pytest.mark.django_db


def test_an_edit_leaves_one_history_row_with_who_and_why(clerk, mug, merchandiser):
    url = page("product_change", mug.pk)
    before = Product.history.filter(id=mug.pk).count()

    sent = filled(clerk, url) | {
        "name": "Harbour Mug, tall",
        "price": "24.00",
        "tag_names": ["stoneware", "tall"],
        "reason": "Supplier raised prices",
    }
    response = clerk.post(url, sent)

    saved(response)
    mug.refresh_from_db()
    assert (mug.name, mug.price, mug.slug) == ("Harbour Mug, tall", Decimal("24.00"), "harbour-mug")
    assert sorted(tag.name for tag in mug.tags.all()) == ["stoneware", "tall"]
    rows = Product.history.filter(id=mug.pk).order_by("-history_id")
    assert rows.count() == before + 1
    assert rows[0].change_set.note == "Supplier raised prices"
    assert rows[0].change_set.actor == merchandiser
    assert rows[0].change_set.channel == "admin"


def test_saving_what_was_not_changed_leaves_no_trace(clerk, mug):
    url = page("product_change", mug.pk)
    before = Product.history.filter(id=mug.pk).count()

    response = clerk.post(url, filled(clerk, url))

    saved(response)
    assert Product.history.filter(id=mug.pk).count() == before
    assert Product.objects.get(pk=mug.pk).version == mug.version


def test_a_price_is_not_changed_without_a_reason(clerk, mug):
    url = page("product_change", mug.pk)

    response = clerk.post(url, filled(clerk, url) | {"price": "24.00"})

    assert response.status_code == 422
    assert "A price changes here: say why." in said(response)
    assert Product.objects.get(pk=mug.pk).price == Decimal("20.00")


def test_beside_a_refused_form_stands_what_is_true(clerk, mug):
    url = page("product_change", mug.pk)

    response = clerk.post(url, filled(clerk, url) | {"price": "24.00", "sku": "CUP"})

    assert response.context_data["product"].price == Decimal("20.00")
    assert response.context_data["product"].sku == "MUG"


def test_a_new_tag_is_still_there_when_the_form_is_refused(clerk, mug):
    url = page("product_change", mug.pk)

    response = clerk.post(
        url, filled(clerk, url) | {"price": "", "tag_names": ["stoneware", "new!"]}
    )

    assert response.status_code == 422
    assert '<option value="new!" selected>new!</option>' in said(response)


def test_a_name_is_changed_without_a_reason(clerk, mug):
    url = page("product_change", mug.pk)

    response = clerk.post(url, filled(clerk, url) | {"name": "Tall mug"})

    saved(response)
    assert Product.objects.get(pk=mug.pk).name == "Tall mug"


def test_a_stale_form_shows_both_values_and_writes_nothing(clerk, mug, manager):
    url = page("product_change", mug.pk)
    sent = filled(clerk, url) | {"price": "24.00", "reason": "Supplier raised prices"}
    with changes.change(separate=True):
        services.change_price(product_id=mug.pk, price=Decimal(31), by=manager, reason="Too cheap")
    before = Product.history.filter(id=mug.pk).count()

    response = clerk.post(url, sent)

    assert response.status_code == 409
    assert "24.00" in said(response)
    assert "31.00" in said(response)
    assert Product.objects.get(pk=mug.pk).price == Decimal("31.00")
    assert Product.history.filter(id=mug.pk).count() == before


def test_after_a_conflict_the_ticked_values_are_saved_and_the_rest_kept(clerk, make_mug, manager):
    mug = make_mug(options={"Size": "M"}, tags=["oak"], category=CategoryFactory())
    url = page("product_change", mug.pk)
    sent = filled(clerk, url) | {"name": "Tall mug", "price": "24.00", "reason": "Supplier"}
    services.change_price(product_id=mug.pk, price=Decimal(31), by=manager, reason="Too cheap")
    conflict = clerk.post(url, sent)

    merged = dict(conflict.context_data["sent"]) | {
        "version": conflict.context_data["version"],
        "merge": "1",
        "mine": ["name"],
    }
    saved(clerk.post(url, merged))

    mug.refresh_from_db()
    assert (mug.name, mug.price, mug.options) == ("Tall mug", Decimal("31.00"), {"Size": "M"})
    assert [tag.name for tag in mug.tags.all()] == ["oak"]
    assert mug.category is not None


def test_a_new_product_is_a_draft_with_a_slug_from_its_name(clerk, merchandiser):
    url = page("product_add")
    category = CategoryFactory()

    sent = filled(clerk, url) | {
        "name": "Café au Lait Bowl",
        "sku": "BOWL-7",
        "price": "18.50",
        "category": category.pk,
        "tag_names": ["breakfast"],
        "options": "Colour=Slate; Size=M",
    }
    response = clerk.post(url, sent)

    saved(response)
    bowl = Product.objects.get(sku="BOWL-7")
    assert (bowl.slug, bowl.status, bowl.category) == ("cafe-au-lait-bowl", "draft", category)
    assert bowl.options == {"Colour": "Slate", "Size": "M"}
    assert [tag.name for tag in bowl.tags.all()] == ["breakfast"]
    assert bowl.created_by == merchandiser
    assert Product.history.filter(id=bowl.pk).count() == 1


def test_status_and_stock_are_no_fields_of_the_form(clerk, mug):
    url = page("product_change", mug.pk)

    sent = filled(clerk, url)
    clerk.post(url, sent | {"status": "archived", "stock": "999", "on_hand": "999"})

    assert {"status", "stock", "on_hand"}.isdisjoint(sent)
    mug.refresh_from_db()
    assert mug.status == "published"
    assert mug.levels.get().on_hand == 12


def test_a_sku_that_another_product_bears_is_refused_beside_its_field(clerk, mug, make_mug):
    make_mug("BOWL", name="Oat Bowl")
    url = page("product_change", mug.pk)

    response = clerk.post(url, filled(clerk, url) | {"sku": "BOWL"})

    assert response.status_code == 409
    assert "The SKU BOWL belongs to “Oat Bowl” already." in said(response)
    assert "sku" in response.context_data["adminform"].form.errors
    assert Product.objects.get(pk=mug.pk).sku == "MUG"


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("price", "-1", "This may not be negative."),
        ("price", "12,50", "Enter a number."),
        ("price", "1e400", "Ensure that there are no more than 12 digits in total."),
        ("name", "x" * 300, "Ensure this value has at most 200 characters (it has 300)."),
        ("sku", "a\x00b", "Null characters are not allowed."),
        ("options", "Colour", "“Colour” is no option. Write name and value: Colour=Slate"),
        ("options", "Size=M; Size=L", "The option Size is given twice."),
        ("parent", "rubbish", "Select a valid choice."),
        ("parent", "9" * 30, "Select a valid choice."),
        ("compare_at_price", "5", "compare-at"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_a_sentence(clerk, mug, field, typed, sentence):
    url = page("product_change", mug.pk)
    before = Product.history.filter(id=mug.pk).count()

    response = clerk.post(url, filled(clerk, url) | {field: typed, "reason": "typing"})

    assert 400 <= response.status_code < 500
    assert sentence in said(response)
    assert Product.history.filter(id=mug.pk).count() == before


def test_options_with_marks_of_their_own_are_shown_as_the_sheet_writes_them(clerk, mug):
    services.edit_product(
        product_id=mug.pk, changes={"options": {"Size": "M; L=XL"}}, by=mug.created_by, reason=""
    )
    url = page("product_change", mug.pk)

    sent = filled(clerk, url)
    saved(clerk.post(url, sent | {"name": "Wide Mug"}))

    assert sent["options"] == r"Size=M\; L\=XL"
    assert Product.objects.get(pk=mug.pk).options == {"Size": "M; L=XL"}


def test_an_emptied_slug_is_made_anew_from_the_name(clerk, mug):
    url = page("product_change", mug.pk)

    clerk.post(url, filled(clerk, url) | {"name": "Tall Mug", "slug": ""})

    assert Product.objects.get(pk=mug.pk).slug == "tall-mug"


def test_a_picture_is_typed_by_its_content_and_named_by_us(clerk, mug):
    url = page("product_change", mug.pk)
    upload = SimpleUploadedFile("../../evil.html", picture_bytes("PNG"), "text/html")

    response = clerk.post(
        url,
        filled(clerk, url)
        | {
            "images-TOTAL_FORMS": "1",
            "images-0-file": upload,
            "images-0-alt_text": "A mug on a sill",
            "images-0-position": "",
        },
    )

    saved(response)
    picture = ProductImage.objects.get(product=mug)
    assert picture.file.name == f"products/{picture.uuid.hex}.png"
    assert picture.alt_text == "A mug on a sill"


def test_a_sheet_renamed_to_a_picture_is_refused_and_nothing_is_half_saved(clerk, mug):
    url = page("product_change", mug.pk)
    upload = SimpleUploadedFile("mug.png", b"sku,name\nMUG,Mug\n", "image/png")

    response = clerk.post(
        url,
        filled(clerk, url)
        | {
            "name": "Half a mug",
            "images-TOTAL_FORMS": "1",
            "images-0-file": upload,
            "images-0-alt_text": "",
            "images-0-position": "",
        },
    )

    assert response.status_code == 422
    assert "This file is no picture that a shop can show." in said(response)
    assert Product.objects.get(pk=mug.pk).name == "Harbour MUG"
    assert not ProductImage.objects.filter(product=mug).exists()


def test_pictures_are_arranged_described_and_removed(clerk, mug, merchandiser):
    for words in ("front", "back", "box"):
        upload = SimpleUploadedFile("x.png", picture_bytes())
        services.add_picture(
            product_id=mug.pk, upload=upload, alt_text=words, by=merchandiser, reason=""
        )
    url = page("product_change", mug.pk)

    sent = filled(clerk, url)
    sent |= {
        "images-0-position": "5",
        "images-1-alt_text": "seen from behind",
        "images-2-DELETE": "on",
    }
    response = clerk.post(url, sent)

    saved(response)
    left = ProductImage.objects.filter(product=mug)
    assert [picture.alt_text for picture in left] == ["seen from behind", "front"]


def test_the_page_of_a_parent_lists_its_variants(clerk, mug, make_mug):
    make_mug("MUG-S", parent=mug, options={"Size": "Small"})

    text = said(clerk.get(page("product_change", mug.pk)))

    assert "MUG-S" in text
    assert "Small" in text
    assert f"{page('product_change', mug.variants.get().pk)}" in text


def test_who_may_only_look_gets_no_field_and_sees_the_tags(sign_in, auditor, mug):
    response = sign_in(auditor).get(page("product_change", mug.pk))

    assert response.status_code == 200
    assert not response.context_data["adminform"].form.fields.keys() & {"name", "price"}
    assert "stoneware" in said(response)
