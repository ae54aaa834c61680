"""Addresses and forms that no page of ours ever made: answered with a page, and nothing told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from backoffice.adminkit.filters import day_bounds
from backoffice.adminkit.forms import field_for
from backoffice.flows import Ask
from backoffice.models import Profile
from catalog.models import Product
from tests.backoffice.adminkit import desk

LIST = "/desk/catalog/product/"
HUGE = str(10**30)
ENDLESS = "9" * 5000


@pytest.mark.parametrize(
    "address",
    [
        "/admin/backoffice/user/?password__startswith=argon",
        "/admin/backoffice/user/?email__startswith=a",
        "/admin/orders/customer/?first_name__startswith=A",
        "/admin/orders/order/?contact=1",
        f"{LIST}?cost__gt=1",
    ],
)
def test_a_list_takes_no_filter_that_it_does_not_offer(onlooker, address):
    answer = onlooker.get(address)

    assert answer.status_code == 400
    assert "This request could not be read" in answer.content.decode()


@pytest.mark.parametrize("query", ["created_at_before=9999-12-31", "created_at_after=0001-01-01"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_first_and_the_last_day_of_all_leave_nothing_out(
    clerk, merchandiser, product, query, zone
):
    Profile.objects.filter(user=merchandiser).update(time_zone=zone)

    page = clerk.get(f"{LIST}?{query}")

    assert list(page.context["cl"].result_list) == [product]


def test_the_first_and_the_last_day_of_all_bound_nothing():
    assert day_bounds(date.min, date.max) == (None, None)


@pytest.mark.parametrize("key", ["abc", "\x00", "-1", "1.5", HUGE, ENDLESS])
def test_a_forged_selection_selects_nothing(clerk, product, key):
    asked = clerk.post(LIST, {"action": "act_lift", "_selected_action": [key]}, follow=True)
    done = clerk.post(
        f"{LIST}acts/lift/",
        {"ids": [key], "idempotency_key": "k", "how": "hand", "reason": "r"},
        follow=True,
    )

    assert asked.status_code == 200
    assert done.status_code == 422
    assert "Nothing is selected any more." in done.content.decode()
    assert desk.calls == []


@pytest.mark.parametrize("number", ["-1", "0", "abc", HUGE, ENDLESS])
def test_a_page_of_a_history_that_is_none_is_the_first_or_empty(clerk, product, number):
    answer = clerk.get(f"{LIST}{product.pk}/history/", {"p": number})

    assert answer.status_code == 200


def test_a_nul_is_left_out_of_what_the_palette_looks_for(clerk, product):
    answer = clerk.get("/admin/search/", {"s": f"{product.sku[:2]}\x00{product.sku[2:]}"})

    assert product.name in answer.content.decode()


def test_a_nul_is_refused_by_the_stock_autocomplete(clerk):
    asked = {"app_label": "catalog", "model_name": "product", "field_name": "parent"}

    answer = clerk.get("/admin/autocomplete/", {**asked, "term": "a\x00"})

    assert answer.status_code == 400


@pytest.mark.parametrize("typed", ["1_0", "1e1", "\u0661\u0660", "ten", "NaN"])
@pytest.mark.parametrize("kind", ["money", "number"])
def test_only_plain_digits_are_a_number(kind, typed):
    field = field_for(Ask("n", "N", kind))

    with pytest.raises(Exception, match="number"):
        field.clean(typed)
    assert field.clean("10") == Decimal(10)


def test_filters_that_the_list_offers_still_filter(clerk, products):
    page = clerk.get(f"{LIST}?name=B&queue=drafts&o=1")

    assert [row.name for row in page.context["cl"].result_list] == ["Mug-B"]
    assert Product.objects.count() == len(products)


@pytest.mark.parametrize("key", ["abc", HUGE, ENDLESS])
def test_an_import_that_never_was_is_not_found(onlooker, key):
    assert onlooker.get(f"/admin/backoffice/importrun/{key}/change/").status_code == 404


@pytest.mark.parametrize("kind", ["date", "moment"])
@pytest.mark.parametrize("year", ["0001", "1899", "3000", "9999"])
def test_a_day_at_the_calendar_s_edge_is_no_answer(kind, year, db):
    """In another time zone it lies beyond, and no page could show it again."""
    field = field_for(Ask("on", "On", kind))

    with pytest.raises(ValidationError):
        field.clean({"date": f"{year}-12-31", "moment": f"{year}-12-31T23:59"}[kind])
