"""The desk's filters: each finds what it names, and nothing that it does not."""

from __future__ import annotations

import pytest
from django.utils import timezone

from catalog.models import Product
from tests.backoffice.desk.conftest import lines, moved, titles

pytestmark = pytest.mark.django_db


def test_the_newest_rows_of_all_tables_and_events_stand_in_one_order(record, look):
    page = look()

    at = [line.entry.at for line in lines(page)]
    kinds = {kind for kind, _title in titles(page)}
    assert at == sorted(at, reverse=True)
    assert {"Product", "Order", "Order line"} & kinds >= {"Product", "Order"}
    assert any(line.source.is_events for line in lines(page))


@pytest.mark.row("A3")
def test_who_changed_a_price_is_one_filter(record, look):
    page = look(f"?field=catalog.product.price&what=catalog.product&object={record.lamp.sku}")

    assert moved(page) == [("Price", "25.00", "22.00"), ("Price", "20.00", "25.00")]
    first = lines(page)[0].entry
    assert (first.who, first.why, first.channel) == ("Merchandiser", "Sale", "API")


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("old=25", [("Price", "25.00", "22.00")]),
        ("new=25", [("Price", "20.00", "25.00")]),
        ("old=20&new=25", [("Price", "20.00", "25.00")]),
        ("old=21", []),
    ],
)
def test_old_and_new_values_sift_the_changes_of_a_field(record, look, query, wanted):
    assert moved(look(f"?field=catalog.product.price&{query}")) == wanted


def test_a_step_finds_who_cancelled_and_why(record, look):
    page = look("?step=orders.order.cancel")

    [line] = lines(page)
    assert (line.entry.who, line.pk) == ("Support", record.order.pk)
    assert "She rang" in line.entry.why


def test_an_order_is_found_by_its_number_and_a_product_by_its_sku(record, look):
    record.order.refresh_from_db()
    by_number = look(f"?object={record.order.number}")
    by_sku = look("?object=LAMP")

    assert {line.pk for line in lines(by_number)} == {record.order.pk}
    assert {str(line.pk) for line in lines(by_sku)} == {str(record.lamp.pk)}
    assert any(line.source.is_events for line in lines(by_sku))


def test_person_channel_reason_request_address_and_change_set_each_choose(
    record, look, merchandiser
):
    own = lines(look(f"?who={merchandiser.pk}&what=catalog.product"))
    assert {line.entry.who for line in own} == {"Merchandiser"}
    assert moved(look("?channel=api")) == [("Price", "25.00", "22.00")]
    assert moved(look("?reason=clay")) == [("Price", "20.00", "25.00")]
    assert moved(look("?request=req-dear")) == [("Price", "20.00", "25.00")]
    assert moved(look("?ip=10.9.9.9&what=catalog.product")) == [("Name", "Lamp", "Lantern")]
    for key in (record.cheaper.pk, record.cheaper.uuid):
        assert moved(look(f"?set={key}")) == [("Price", "25.00", "22.00")]
    assert {line.change_set for line in lines(look("?reason=changed_mind"))} == {record.cancelled}


def test_events_are_found_by_kind_and_how_by_its_word(record, look):
    [event] = lines(look("?event=report_read"))
    assert event.entry.title == "Report read"
    assert {title for _k, title in titles(look("?how=created&what=catalog.product"))} <= {
        "Created",
        "Create",
        "Create published",
    }


def test_a_period_and_its_presets_choose_days(record, look):
    today = timezone.localdate().isoformat()

    assert lines(look(f"?since={today}&until={today}"))
    assert lines(look("?when=today"))
    assert not lines(look("?when=yesterday"))
    assert not lines(look("?until=2001-01-01"))


def test_a_permalink_names_the_days_that_a_preset_means_today(record, look):
    page = look("?when=7d&what=catalog.product")

    fixed = page.context["fixed_url"]
    assert "when=" not in fixed
    again = look(fixed.removeprefix("/admin/audit/"))
    assert [line.row for line in lines(again)] == [line.row for line in lines(page)]


def test_a_link_to_a_row_shows_that_row_alone(record, look):
    line = lines(look("?field=catalog.product.price"))[0]

    assert [one.row for one in lines(look(f"?row={line.row}"))] == [line.row]


def test_a_deleted_row_is_found_by_its_key(look, merchandiser):
    from catalog import services

    services.set_tags(
        product_id=(Product.objects.first() or _product()).pk, names=["oak"], by=_boss(), reason=""
    )
    assert look("?what=catalog.tag&how=created").context["rows"]


def _product():
    from tests.catalog.factories import ProductFactory

    return ProductFactory()


def _boss():
    from tests.orders.factories import boss

    return boss()
