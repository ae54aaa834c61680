"""WooCommerce's export: every row accounted for, variations on their parents."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from backoffice.imports import refusals
from catalog.models import Product
from tests.catalog.recipes.mapping import map_rows
from tests.sheets import counts_of, csv_of, faults_of, load, preview, words_of

HEADER = [
    "ID",
    "Type",
    "SKU",
    "Name",
    "Published",
    "Is featured?",
    "Short description",
    "Description",
    "Date sale price starts",
    "Date sale price ends",
    "Tax status",
    "Tax class",
    "In stock?",
    "Stock",
    "Weight (kg)",
    "Sale price",
    "Regular price",
    "Categories",
    "Tags",
    "Images",
    "Parent",
    "Attribute 1 name",
    "Attribute 1 value(s)",
    "Attribute 2 name",
    "Attribute 2 value(s)",
    "Visibility in catalog",
]


def woo(**cells):
    """Return a row: simple, published, 10.00, unless said otherwise."""
    row = {"Type": "simple", "Published": "1", "Regular price": "10", "Name": "Tee", "SKU": "TEE"}
    row.update({key.replace("_", " "): value for key, value in cells.items()})
    assert row.keys() <= set(HEADER)
    return [row.get(name, "") for name in HEADER]


def load_woo(*rows, by, **options):
    return load(csv_of(HEADER, *rows), by=by, **options)


@pytest.fixture
def real_sheet(real_files):
    return (Path(real_files) / "woocommerce" / "sample_products.csv").read_bytes()


@pytest.mark.real_files
def test_the_real_file_is_recognised_and_every_row_accounted_for(merchandiser, real_sheet):
    run = load(real_sheet, by=merchandiser, policy="good_rows")

    assert run.recipe == "woocommerce"
    assert counts_of(run) == (22, 0, 0, 2)
    assert faults_of(run) == [
        (17, "Type", "grouped_product"),
        (18, "Type", "external_product"),
    ]
    assert "no price and no stock" in words_of(run, 17)


@pytest.mark.real_files
def test_the_real_file_hangs_variations_on_their_parents(merchandiser, real_sheet):
    load(real_sheet, by=merchandiser, policy="good_rows")

    hoodie = Product.objects.get(sku="cc-hoodie")
    assert hoodie.variants.count() == 6
    assert Product.objects.get(sku="cc-tee").variants.count() == 3
    red = Product.objects.get(sku="cc-hoodie-red")
    assert red.options == {"Color": "Red", "Logo": "No"}
    assert (red.price, red.compare_at_price) == (Decimal("42.00"), Decimal("45.00"))
    assert red.category == hoodie.category
    assert hoodie.price == Decimal("42.00")
    assert Product.objects.get(sku="cc-t-shirt-blue").options == {"Color": "Blue"}


@pytest.mark.real_files
def test_the_real_file_again_is_unchanged_and_leaves_no_history(merchandiser, real_sheet):
    load(real_sheet, by=merchandiser, policy="good_rows")
    before = Product.history.count()

    run = load(real_sheet, by=merchandiser, policy="good_rows")

    assert counts_of(run) == (0, 0, 22, 2)
    assert Product.history.count() == before


def test_a_sale_price_is_the_price_and_the_regular_one_is_struck_out(merchandiser):
    load_woo(woo(Sale_price="8.50", Regular_price="10"), by=merchandiser)

    product = Product.objects.get()
    assert (product.price, product.compare_at_price) == (Decimal("8.50"), Decimal("10.00"))


def test_a_sale_that_ended_empties_the_struck_out_price(merchandiser):
    load_woo(woo(Sale_price="8.50", Regular_price="10"), by=merchandiser)

    load_woo(woo(Regular_price="10"), by=merchandiser)

    product = Product.objects.get()
    assert (product.price, product.compare_at_price) == (Decimal("10.00"), None)


@pytest.mark.parametrize(
    ("starts", "ends", "price"),
    [
        ("2026-06-01", "2026-06-15", "8.00"),
        ("2026-06-16", "", "10.00"),
        ("", "2026-06-14", "10.00"),
        ("2026-06-01T00:00:00", "2026-06-30T00:00:00", "8.00"),
    ],
)
def test_a_sale_counts_only_while_it_runs(starts, ends, price):
    row = woo(Sale_price="8", Date_sale_price_starts=starts, Date_sale_price_ends=ends)

    made = map_rows(HEADER, row, now=datetime(2026, 6, 15, 12, tzinfo=UTC))

    assert Decimal(made["TEE"]["price"]) == Decimal(price)


@pytest.mark.parametrize(
    ("published", "status", "notes"),
    [("1", "published", []), ("0", "draft", []), ("-1", "draft", ["private"])],
)
def test_published_becomes_a_status(published, status, notes):
    made = map_rows(HEADER, woo(Published=published))

    assert made["TEE"]["status"] == status
    assert [code for _line, _column, code in made.warnings] == notes


@pytest.mark.parametrize(
    ("header", "weight", "grams"),
    [
        ("Weight (kg)", "0.35", 350),
        ("Weight (g)", "350", 350),
        ("Weight (lbs)", "1", 454),
        ("Weight (oz)", "1", 28),
    ],
)
def test_weight_becomes_grams_by_the_unit_in_the_header(merchandiser, header, weight, grams):
    names = [header if name == "Weight (kg)" else name for name in HEADER]
    row = [weight if name == header else cell for name, cell in zip(names, woo(), strict=True)]

    load(csv_of(names, row), by=merchandiser)

    assert Product.objects.get().weight_grams == grams


def test_a_literal_line_break_becomes_one_and_html_stays_text(merchandiser):
    load_woo(woo(Description="<b>One</b>\\nTwo"), by=merchandiser)

    assert Product.objects.get().description == "<b>One</b>\nTwo"


def test_a_short_description_stands_in_for_a_missing_one(merchandiser):
    load_woo(woo(Short_description="Short"), by=merchandiser)

    assert Product.objects.get().description == "Short"


def test_the_first_category_path_is_kept_and_the_loss_is_said(merchandiser):
    row = woo(Categories="Clothing > Tshirts, Sale, A\\, B")

    load_woo(row, by=merchandiser)

    assert Product.objects.get().category.name == "Tshirts"
    assert map_rows(HEADER, row).warnings == [(2, "Categories", "one_category")]


def test_a_variation_inherits_what_it_leaves_blank(merchandiser):
    parent = woo(
        SKU="HOOD",
        Name="Hoodie",
        Type="variable",
        ID="7",
        Regular_price="",
        Categories="Clothing",
        Tags="warm",
        Tax_class="reduced-rate",
    )
    variation = {
        "Type": "variation",
        "SKU": "HOOD-R",
        "Name": "",
        "Parent": "id:7",
        "Tax class": "parent",
        "Attribute 1 name": "Colour",
        "Attribute 1 value(s)": "Red",
        "Attribute 2 name": "Size",
        "Attribute 2 value(s)": "",
    }

    load_woo(woo(**variation), parent, by=merchandiser)

    made = Product.objects.get(sku="HOOD-R")
    assert made.name == "Hoodie - Red"
    assert made.parent.sku == "HOOD"
    assert made.options == {"Colour": "Red"}
    assert made.category.name == "Clothing"
    assert [tag.name for tag in made.tags.all()] == ["warm"]
    assert made.tax_class == "reduced"
    assert made.parent.price == made.price


def test_a_variation_without_a_parent_is_refused(merchandiser):
    run = preview(
        csv_of(
            HEADER,
            woo(Type="variation", SKU="A"),
            woo(Type="variation", SKU="B", Parent="id:99"),
            woo(Type="variation", SKU="C", Parent="NOWHERE"),
        ),
        by=merchandiser,
    )

    assert faults_of(run) == [
        (2, "Parent", "parent_missing"),
        (3, "Parent", "unknown_parent"),
        (4, "Parent", "unknown_parent"),
    ]


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"Type": "subscription"}, ("Type", "unknown_type")),
        ({"Type": ""}, ("Type", "type_missing")),
        ({"Published": "yes"}, ("Published", "bad_published")),
        ({"Regular price": "12,50,0"}, ("Regular price", "not_a_number")),
        ({"Sale price": "cheap"}, ("Sale price", "not_a_number")),
        ({"Weight (kg)": "heavy"}, ("Weight (kg)", "bad_weight")),
        ({"Stock": "-2"}, ("Stock", "negative")),
        ({"SKU": ""}, ("SKU", "key_missing")),
        ({"Name": ""}, ("Name", "required")),
    ],
)
def test_a_fault_is_named_by_woocommerces_own_column(merchandiser, cells, fault):
    run = preview(csv_of(HEADER, woo(**cells)), by=merchandiser)

    assert faults_of(run) == [(2, *fault)]


def test_out_of_stock_without_a_number_is_none_left(merchandiser):
    load_woo(woo(**{"In stock?": "0"}), by=merchandiser)

    assert Product.objects.get().levels.get().on_hand == 0


def test_pictures_are_not_loaded_and_that_is_said_once(merchandiser):
    images = "https://example.com/a.png"

    run = preview(csv_of(HEADER, woo(Images=images), woo(SKU="B", Images=images)), by=merchandiser)

    assert [note["code"] for note in run.warnings].count("images_not_loaded") == 1


def test_a_file_that_is_not_woocommerces_is_refused_as_such(merchandiser):
    with pytest.raises(refusals.MissingColumns) as caught:
        preview(csv_of(["sku", "name"], ["A", "B"]), by=merchandiser, recipe="woocommerce")

    assert "Type" in str(caught.value)


def test_an_unknown_recipe_is_refused_with_those_that_are_known(merchandiser):
    with pytest.raises(refusals.UnknownRecipe) as caught:
        preview(csv_of(["sku"], ["A"]), by=merchandiser, recipe="shopware")

    assert "standard, shopify, shopify_inventory, woocommerce, magento" in str(caught.value)
