"""Acts on a product or a selection: what is asked, what is done, and what the report says."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from backoffice import changes
from catalog import services
from catalog.admin.product_acts import moments_of
from catalog.models import PriceChange, Product, StockLocation, StockMovement
from tests.catalog.admin.conftest import act_on, act_on_all, page, said
from tests.catalog.factories import LocationFactory, level_of

pytestmark = pytest.mark.django_db


def on_hand(product: Product) -> int:
    return level_of(product)[0]


# --- Prices -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "value", "price"),
    [("percent", "-10", "18.00"), ("amount", "2.50", "22.50"), ("price", "19.90", "19.90")],
)
def test_a_price_is_changed_by_percent_by_an_amount_or_to_a_price(clerk, mug, way, value, price):
    response = act_on(
        clerk, "product", mug.pk, "change_price", way=way, value=value, reason="Spring"
    )

    assert response.status_code == 302
    assert Product.objects.get(pk=mug.pk).price == Decimal(price)
    last = Product.history.filter(id=mug.pk).order_by("-history_id")[0]
    assert last.change_set.note == "Spring"


def test_a_price_change_without_a_reason_asks_again(clerk, mug):
    response = act_on(clerk, "product", mug.pk, "change_price", way="percent", value="-10")

    assert response.status_code == 422
    assert "Please answer the marked questions." in said(response)
    assert Product.objects.get(pk=mug.pk).price == Decimal("20.00")


def test_a_dialog_opened_before_somebody_elses_change_does_not_overwrite_it(clerk, mug, manager):
    with changes.change(separate=True):
        services.change_price(product_id=mug.pk, price=Decimal(31), by=manager, reason="Too cheap")

    response = act_on(
        clerk, "product", mug.pk, "change_price", way="price", value="9", reason="Sale",
        row_version=str(mug.version),
    )  # fmt: skip

    assert response.status_code == 409
    assert "was changed by somebody else" in said(response)
    assert Product.objects.get(pk=mug.pk).price == Decimal("31.00")


@pytest.mark.row("A2")
def test_a_bulk_price_change_reports_what_was_done_and_what_was_refused_and_why(clerk, make_mug):
    cheap, dear, capped = (
        make_mug("CHEAP", price=Decimal("2.00")), make_mug("DEAR", price=Decimal("80.00")),
        make_mug("CAPPED", price=Decimal("50.00"), compare_at_price=Decimal("60.00")),
    )  # fmt: skip

    response = act_on_all(
        clerk, "product", [cheap.pk, dear.pk, capped.pk], "change_price",
        way="amount", value="-5", reason="Clearance",
    )  # fmt: skip
    report = clerk.get(response.url)

    assert "the price would be -3.00; it cannot be below zero" in said(report)
    rows = report.context_data["run"].rows
    assert list(rows.filter(verdict="done").values_list("title", flat=True)) == [
        str(dear), str(capped),
    ]  # fmt: skip
    assert list(rows.filter(verdict="refused").values_list("title", flat=True)) == [str(cheap)]
    prices = dict(Product.objects.values_list("sku", "price"))
    assert prices == {"CHEAP": Decimal(2), "DEAR": Decimal(75), "CAPPED": Decimal(45)}


def test_a_bulk_act_is_one_click_in_the_record(clerk, make_mug):
    mugs = [make_mug(sku) for sku in ("A", "B", "C")]

    act_on_all(
        clerk, "product", [mug.pk for mug in mugs], "change_price",
        way="percent", value="5", reason="Supplier",
    )  # fmt: skip

    rows = Product.history.filter(change_set__note="Supplier")
    assert rows.count() == 3
    assert rows.values("change_set").distinct().count() == 1


# --- Scheduled prices ---------------------------------------------------------------------------


def test_a_weekend_price_needs_a_percentage_and_a_reason_only(clerk, mug):
    response = act_on(
        clerk, "product", mug.pk, "schedule_price", way="percent", value="-20", period="weekend",
        reason="Weekend sale",
    )  # fmt: skip

    assert response.status_code == 302
    change = PriceChange.objects.get(product=mug)
    assert change.price == Decimal("16.00")
    assert change.ends_at > change.starts_at
    assert Product.objects.get(pk=mug.pk).price == Decimal("20.00")


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        # Wednesday, Saturday noon, Sunday evening: always until Monday 0:00.
        ((2026, 3, 4, 9), (2026, 3, 7), (2026, 3, 9)),
        ((2026, 3, 7, 12), None, (2026, 3, 9)),
        ((2026, 3, 8, 22), None, (2026, 3, 9)),
        # The clocks go forward on this Sunday.
        ((2026, 3, 27, 9), (2026, 3, 28), (2026, 3, 30)),
    ],
)
def test_this_weekend_is_the_persons_own_saturday_and_sunday(now, start, end):
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    moment = datetime(*now, tzinfo=berlin)

    with timezone.override(berlin):
        starts_at, ends_at = moments_of("weekend", None, None, now=moment)

    assert starts_at == (datetime(*start, tzinfo=berlin) if start else moment)
    assert ends_at == datetime(*end, tzinfo=berlin)


def test_own_dates_without_a_beginning_are_asked_for(clerk, mug):
    response = act_on(
        clerk, "product", mug.pk, "schedule_price", way="price", value="9", period="own", reason="x"
    )

    assert response.status_code == 422
    assert "say when it starts, or choose a preset" in said(response)
    assert not PriceChange.objects.exists()


def test_a_weekend_price_for_a_selection_refuses_only_those_in_the_way(clerk, make_mug):
    free, taken = make_mug("FREE"), make_mug("TAKEN")
    answers = {"way": "percent", "value": "-50", "period": "week", "reason": "Sale"}
    act_on(clerk, "product", taken.pk, "schedule_price", **answers)

    response = act_on_all(clerk, "product", [free.pk, taken.pk], "schedule_price", **answers)
    report = clerk.get(response.url)

    assert "has a scheduled price in that time already" in said(report)
    assert PriceChange.objects.filter(product=free).count() == 1
    assert PriceChange.objects.filter(product=taken).count() == 1


def test_a_scheduled_price_is_withdrawn_with_a_reason(clerk, mug, merchandiser):
    change = services.schedule_price(
        product_id=mug.pk, price=Decimal(9), starts_at=datetime(2020, 1, 1, tzinfo=UTC),
        ends_at=None, by=merchandiser, reason="Sale",
    )  # fmt: skip

    without = act_on(clerk, "pricechange", change.pk, "withdraw")
    response = act_on(clerk, "pricechange", change.pk, "withdraw", reason="Sold out")
    again = clerk.get(page("pricechange_act", change.pk, "withdraw"))

    assert without.status_code == 422
    assert response.status_code == 302
    assert PriceChange.objects.get(pk=change.pk).withdrawn_at is not None
    assert "This scheduled price is over or withdrawn already." in said(again)


# --- Stock --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("way", "units", "left"), [("counted", "7", 7), ("difference", "-2", 10)])
def test_stock_is_counted_or_corrected_with_a_reason(clerk, mug, way, units, left):
    shed = StockLocation.objects.get()

    response = act_on(
        clerk, "product", mug.pk, "adjust_stock", way=way, units=units, location=shed.pk,
        reason="Shelf count",
    )  # fmt: skip

    assert response.status_code == 302
    assert on_hand(mug) == left
    last = StockMovement.objects.first()
    assert (last.kind, last.change_set.note) == ("adjust", "Shelf count")


def test_stock_is_not_adjusted_without_a_reason(clerk, mug):
    shed = StockLocation.objects.get()

    for reason in ({}, {"reason": "   "}):
        response = act_on(
            clerk, "product", mug.pk, "adjust_stock", way="counted", units="7", location=shed.pk,
            **reason,
        )  # fmt: skip

        assert response.status_code == 422
        assert "This field is required." in said(response)
    assert on_hand(mug) == 12


def test_more_cannot_be_taken_off_than_lies_there(clerk, mug):
    shed = StockLocation.objects.get()

    response = act_on(
        clerk, "product", mug.pk, "adjust_stock", way="difference", units="-13",
        location=shed.pk, reason="Breakage",
    )  # fmt: skip

    assert response.status_code == 409
    assert "-1 on hand would not cover what is promised: 0" in said(response)
    assert on_hand(mug) == 12


def test_a_selection_is_adjusted_at_the_place_that_was_chosen(clerk, make_mug):
    mugs = [make_mug("A", stock=3), make_mug("B", stock=4)]
    attic = LocationFactory(name="Attic")

    act_on_all(
        clerk, "product", [mug.pk for mug in mugs], "adjust_stock", way="counted", units="9",
        location=attic.pk, reason="Moved in",
    )  # fmt: skip

    assert [level_of(mug, attic)[0] for mug in mugs] == [9, 9]
    assert [on_hand(mug) for mug in mugs] == [3, 4]


def test_a_delivery_is_received_even_before_there_is_a_location(clerk, make_mug):
    mug = make_mug()
    dialog = clerk.get(page("product_act", mug.pk, "receive_stock"))
    assert "Main warehouse" in said(dialog)
    assert not StockLocation.objects.exists()

    response = act_on(clerk, "product", mug.pk, "receive_stock", units="30", location="main")

    assert response.status_code == 302
    assert on_hand(mug) == 30


# --- Flow and featured --------------------------------------------------------------------------


@pytest.mark.row("A2")
@pytest.mark.parametrize(
    ("status", "step", "becomes"),
    [
        ("draft", "publish", "published"), ("published", "unpublish", "draft"),
        ("draft", "archive", "archived"), ("archived", "restore", "draft"),
    ],
)  # fmt: skip
def test_each_step_is_an_act(clerk, make_mug, status, step, becomes):
    mug = make_mug(status=status)

    act_on(clerk, "product", mug.pk, step, reason="Season")

    assert Product.objects.get(pk=mug.pk).status == becomes


def test_a_closed_step_says_why(clerk, make_mug):
    mug = make_mug(status="archived")

    response = act_on(clerk, "product", mug.pk, "publish")

    assert response.status_code == 409
    assert "is archived; “Publish” is only possible from draft." in said(response)


def test_a_product_is_featured_and_taken_off_again(clerk, mug):
    act_on(clerk, "product", mug.pk, "feature")
    assert Product.objects.get(pk=mug.pk).is_featured

    act_on_all(clerk, "product", [mug.pk], "unfeature")
    assert not Product.objects.get(pk=mug.pk).is_featured


def test_a_dialog_sent_twice_is_done_once(clerk, mug):
    url = page("product_act", mug.pk, "change_price")
    sent = {"idempotency_key": "k1", "way": "amount", "value": "1", "reason": "Once"}

    clerk.post(url, sent)
    clerk.post(url, sent)

    assert Product.objects.get(pk=mug.pk).price == Decimal("21.00")


def test_only_what_changes_something_is_offered(clerk, mug):
    text = said(clerk.get(page("product_change", mug.pk)))

    assert page("product_act", mug.pk, "feature") in text
    assert page("product_act", mug.pk, "unfeature") not in text
    assert page("product_act", mug.pk, "publish") not in text
