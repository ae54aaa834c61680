"""What a product's columns may hold, as one pure function that forms and sheets share."""

from decimal import Decimal

import pytest

from catalog.services import clean_fields, clean_money
from catalog.services.fields import CLEANERS


@pytest.mark.row("C1")
@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "x" * 201, "201 characters; at most 200 fit."),
        ("name", "  ", "This is needed."),
        ("name", None, "This is needed."),
        ("name", 12, "This must be text."),
        ("name", "Mug\x00", "There is an invisible NUL character in it; type it again."),
        ("name", "Mug\ud800", "There is a broken character in it; type it again."),
        ("description", "a\x00b", "There is an invisible NUL character in it; type it again."),
        ("description", "x" * 32_001, "32001 characters; at most 32000 fit."),
        ("sku", "", "This is needed."),
        ("sku", "x" * 65, "65 characters; at most 64 fit."),
        ("barcode", "1" * 33, "33 characters; at most 32 fit."),
        ("slug", "x" * 251, "251 characters; at most 250 fit."),
        ("slug", "Oak Mug", "Use lower-case letters, digits and single hyphens."),
        ("slug", "oak_mug", "Use lower-case letters, digits and single hyphens."),
        ("slug", "-oak", "Use lower-case letters, digits and single hyphens."),
        ("price", None, "An amount of money is needed."),
        ("price", "12.50", "An amount of money is needed."),
        ("price", 12.5, "An amount of money is needed."),
        ("price", True, "An amount of money is needed."),
        ("price", Decimal("-0.01"), "This may not be negative."),
        ("price", Decimal("9.999"), "At most two decimals."),
        ("price", Decimal(10) ** 10, "This is too large for an amount of money."),
        ("price", Decimal("1e400"), "This is too large for an amount of money."),
        ("price", Decimal("NaN"), "This is too large for an amount of money."),
        ("price", Decimal("-Infinity"), "This is too large for an amount of money."),
        ("cost", Decimal(-1), "This may not be negative."),
        ("currency", "eur", "Use a three-letter currency code, for example EUR."),
        ("currency", "EURO", "Use a three-letter currency code, for example EUR."),
        ("tax_class", "x" * 21, "21 characters; at most 20 fit."),
        ("weight_grams", -1, "A whole number, zero or more, is needed."),
        ("weight_grams", 1.5, "A whole number, zero or more, is needed."),
        ("weight_grams", True, "A whole number, zero or more, is needed."),
        ("weight_grams", 2**31, "A whole number, zero or more, is needed."),
        ("low_stock_threshold", None, "A whole number, zero or more, is needed."),
        ("is_featured", "yes", "Yes or no is needed."),
        ("meta_title", "x" * 71, "71 characters; at most 70 fit."),
        ("meta_description", "x" * 161, "161 characters; at most 160 fit."),
        ("options", "Slate", "Write options as name and value, for example Colour=Slate."),
        ("options", {"Size": 3}, "Option names and values are text."),
        ("options", {"Size": " "}, "An option needs a name and a value, for example Colour=Slate."),
        (
            "options",
            {"Size": "x" * 101},
            "An option's name or value is longer than 100 characters.",
        ),
        ("options", {"Si\x00ze": "M"}, "There is an invisible NUL character in it; type it again."),
        ("status", "published", "This cannot be changed here."),
        ("version", 7, "This cannot be changed here."),
    ],
)
def test_clean_fields_says_what_is_wrong(field, value, sentence):
    _clean, errors = clean_fields({field: value})

    assert {name: [str(text) for text in texts] for name, texts in errors.items()} == {
        field: [sentence]
    }


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("name", "  Oak Mug ", "Oak Mug"),
        ("name", "x" * 200, "x" * 200),
        ("description", "one\ntwo ", "one\ntwo"),
        ("barcode", None, ""),
        ("sku", "00123", "00123"),
        ("slug", "oak-mug-2", "oak-mug-2"),
        ("price", Decimal(0), Decimal("0.00")),
        ("price", Decimal("12.500"), Decimal("12.50")),
        ("price", 12, Decimal("12.00")),
        ("price", Decimal("9999999999.99"), Decimal("9999999999.99")),
        ("compare_at_price", None, None),
        ("weight_grams", None, None),
        ("weight_grams", 0, 0),
        ("options", {" Size ": " M "}, {"Size": "M"}),
    ],
)
def test_clean_fields_returns_what_will_be_stored(field, value, stored):
    assert clean_fields({field: value}) == ({field: stored}, {})


@pytest.mark.parametrize(
    ("values", "present", "is_refused"),
    [
        ({"price": Decimal(20), "compare_at_price": Decimal(15)}, None, True),
        ({"price": Decimal(15), "compare_at_price": Decimal(15)}, None, False),
        ({"price": Decimal(20)}, {"price": Decimal(10), "compare_at_price": Decimal(15)}, True),
        ({"compare_at_price": Decimal(5)}, {"price": Decimal(10), "compare_at_price": None}, True),
        ({"compare_at_price": None}, {"price": Decimal(10), "compare_at_price": Decimal(1)}, False),
        ({"name": "Mug"}, {"price": Decimal(10), "compare_at_price": Decimal(1)}, False),
    ],
)
def test_clean_fields_holds_the_compare_at_price_against_the_price(values, present, is_refused):
    _clean, errors = clean_fields(values, present=present)

    assert (errors.keys() == {"compare_at_price"}) is is_refused


def test_clean_fields_names_every_problem_at_once():
    _clean, errors = clean_fields({"name": "", "price": Decimal(-1), "currency": "?"})

    assert errors.keys() == {"name", "price", "currency"}


def test_every_column_that_a_person_may_write_has_a_cleaner():
    from catalog.models import Product

    own = {
        f.name
        for f in Product._meta.concrete_fields
        if f.editable and not f.is_relation and not f.primary_key
    }

    assert own - {"created_at", "updated_at"} == CLEANERS.keys()


def test_clean_money_raises_the_sentence():
    with pytest.raises(ValueError, match="At most two decimals"):
        clean_money(Decimal("1.001"))
