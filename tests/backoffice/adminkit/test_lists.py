"""Lists: queues, filters that keep their last day, counts that stop."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.adminkit import lists
from backoffice.adminkit.filters import day_bounds, within_days
from backoffice.history import writing
from catalog.models import Product
from tests.backoffice.adminkit import desk

LIST = "/desk/catalog/product/"


def names(page):
    return sorted(product.name for product in page.context["cl"].result_list)


def set_created(product, moment):
    with writing():
        Product.objects.filter(pk=product.pk).update(created_at=moment)


def test_a_queue_is_a_tab_with_a_count_and_stands_in_the_address(clerk, products):
    clerk.post(f"{LIST}{products[0].pk}/acts/publish/", {"idempotency_key": "k"})

    page = clerk.get(f"{LIST}?queue=drafts")

    tabs = page.context["cl"].queue_tabs()
    assert [(str(tab.label), tab.count, tab.is_active) for tab in tabs] == [
        ("All", "", False),
        ("Drafts", "2", True),
    ]
    assert names(page) == ["Mug-B", "Mug-C"]
    assert page.request["QUERY_STRING"] == "queue=drafts"


def test_a_queue_keeps_search_and_filters(clerk, products):
    page = clerk.get(f"{LIST}?q=mug&name=B")

    urls = [tab.url for tab in page.context["cl"].queue_tabs()]
    assert urls == ["?name=B&q=mug", "?name=B&q=mug&queue=drafts"]


def test_a_queue_with_a_permission_is_shown_to_its_holders_only(clerk, root, products):
    assert "Secret" not in clerk.get(LIST).content.decode()
    assert "Secret" in root.get(LIST).content.decode()


def test_the_filter_sheet_shows_the_filtersets_inputs_dressed(clerk, products):
    text = clerk.get(LIST).content.decode()

    assert 'name="created_at_after"' in text
    assert 'type="date"' in text
    assert 'name="price_min"' in text
    form = desk.ProductFilters({}).form
    assert "rounded-default" in str(form["name"])
    assert "rounded-default" in str(form["is_featured"])
    assert "rounded-default" in str(form["price"])
    assert "rounded-default" in str(form["created_at"])


def test_a_filter_narrows_the_list_without_the_error_redirect(clerk, products):
    page = clerk.get(f"{LIST}?name=mug-b&price_min=1&price_max=20")

    assert page.status_code == 200
    assert names(page) == ["Mug-B"]
    chips = page.context["cl"].chips()
    assert [(chip.label, chip.value) for chip in chips] == [
        ("Name contains", "mug-b"),
        ("Price", "from 1 to 20"),
    ]
    assert chips[1].url == "?name=mug-b"


def test_a_filter_that_is_not_understood_shows_nothing_and_says_so(clerk, products):
    page = clerk.get(f"{LIST}?created_at_after=yesterday")

    assert page.status_code == 200
    assert names(page) == []
    assert "Enter a valid date" in page.content.decode()


def test_a_day_range_keeps_the_whole_of_its_last_day(clerk, products):
    set_created(products[0], datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC))
    set_created(products[1], datetime(2026, 4, 1, 0, 0, 0, tzinfo=UTC))
    set_created(products[2], datetime(2026, 3, 1, 0, 0, 0, tzinfo=UTC))

    page = clerk.get(f"{LIST}?created_at_after=2026-03-01&created_at_before=2026-03-31")

    assert names(page) == ["Mug-A", "Mug-C"]


def test_a_day_is_the_persons_own_day():
    with timezone.override(zoneinfo.ZoneInfo("America/New_York")):
        start, end = day_bounds(date(2026, 3, 8), date(2026, 3, 8))

    # The clocks go forward on that day: it has 23 hours.
    assert start == datetime(2026, 3, 8, 5, 0, tzinfo=UTC)
    assert end == datetime(2026, 3, 9, 4, 0, tzinfo=UTC)


def test_an_open_range_bounds_one_side_only(db, products):
    everything = Product.objects.all()

    assert within_days(everything, "created_at", None, None).count() == 3
    assert within_days(everything, "created_at", date(2000, 1, 1), None).count() == 3
    assert within_days(everything, "created_at", None, date(2000, 1, 1)).count() == 0


def test_counting_stops_at_the_cap(clerk, products, monkeypatch):
    monkeypatch.setattr(lists, "COUNT_UP_TO", 2)
    monkeypatch.setattr(lists, "QUEUE_COUNT_UP_TO", 1)

    page = clerk.get(LIST)

    assert page.context["cl"].count_label == "2+"
    assert "2+ products" in page.content.decode()
    assert page.context["cl"].queue_tabs()[1].count == "1+"


def test_a_counted_query_has_a_limit(db, products):
    with CaptureQueriesContext(connection) as queries:
        lists.capped_count(Product.objects.order_by("name"), 10)

    assert "LIMIT 11" in queries[0]["sql"]


def test_an_unfiltered_list_offers_no_show_all(clerk, products):
    assert "Show all" not in clerk.get(LIST).content.decode()
    assert "Show all" in clerk.get(f"{LIST}?q=mug").content.decode()


def test_a_list_costs_the_same_for_three_rows_and_for_thirty(clerk, products, merchandiser):
    clerk.get(LIST)
    with CaptureQueriesContext(connection) as few:
        clerk.get(LIST)
    for number in range(27):
        desk.make_product(merchandiser, f"BOWL-{number}")

    with CaptureQueriesContext(connection) as many:
        clerk.get(LIST)

    assert len(many) == len(few)


def test_the_shared_admin_object_keeps_no_request(clerk, products):
    clerk.get(LIST)
    clerk.get(f"{LIST}{products[0].pk}/change/")

    assert not hasattr(desk.desk_site.get_model_admin(Product), "request")


@pytest.mark.parametrize("bad", ["?p=999", "?p=x", "?queue=unknown", "?o=99"])
def test_a_strange_address_is_no_crash(clerk, products, bad):
    assert clerk.get(f"{LIST}{bad}", follow=True).status_code == 200


def test_a_row_has_the_buttons_that_are_open_for_it(clerk, onlooker, products):
    clerk.post(f"{LIST}{products[0].pk}/acts/publish/", {"idempotency_key": "k"})

    text = clerk.get(LIST).content.decode()

    assert f'href="{LIST}{products[0].pk}/acts/unpublish/" data-dialog' in text
    assert f'href="{LIST}{products[1].pk}/acts/publish/" data-dialog' in text
    assert f"{LIST}{products[1].pk}/acts/unpublish/" not in text
    assert "/acts/" not in onlooker.get(LIST).content.decode()
