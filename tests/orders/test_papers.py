"""Packing slips and invoices: what the PDF says, read back out of it."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from pypdf import PdfReader

from backoffice.models import AuditEvent
from backoffice.refused import NotAllowed, TooMany, UnknownRow
from orders import services
from orders.models import Customer, Order
from orders.papers import Printed, code128, print_orders, print_parcel
from orders.papers.printing import MOST_ORDERS, NothingToPrint
from orders.papers.sheet import printable
from tests.orders.factories import (
    CustomerFactory,
    OrderFactory,
    ProductFactory,
    boss,
    click,
    fresh,
)

pytestmark = pytest.mark.django_db


def pages(printed: Printed) -> list[str]:
    assert printed.content.startswith(b"%PDF-")
    return [page.extract_text() for page in PdfReader(io.BytesIO(printed.content)).pages]


def slips(orders: list[Order], by) -> list[str]:
    with click(by):
        ids = [order.pk for order in orders]
        return pages(print_orders(paper="packing_slip", order_ids=ids, by=by))


def invoices(orders: list[Order], by) -> list[str]:
    with click(by):
        ids = [order.pk for order in orders]
        return pages(print_orders(paper="invoice", order_ids=ids, by=by))


def living_at(**address: str) -> Customer:
    customer = CustomerFactory()
    with click(boss()):
        services.record_address(customer_id=customer.pk, by=boss(), reason="", **address)
    return customer


def test_a_packing_slip_names_units_and_address_and_no_price(fulfilment):
    mug, pot = ProductFactory(name="Mug"), ProductFactory(name="Pot")
    order = OrderFactory(status="processing", lines=[(mug, 2), (pot, 3)])

    (page,) = slips([order], fulfilment)

    assert f"Packing slip {order}" in page
    assert "Ada Lindqvist" in page
    assert "Kai 4" in page
    assert mug.sku in page
    assert "Units 5" in page
    assert "12.50" not in page
    assert "EUR" not in page
    assert order.contact.email not in page


def test_an_order_half_packed_has_a_slip_for_the_parcel_and_one_for_the_rest(fulfilment):
    mug, pot = ProductFactory(name="Mug"), ProductFactory(name="Pot")
    order = OrderFactory(status="processing", lines=[(mug, 2), (pot, 3)])
    line = order.lines.get(product=mug)
    with click(boss()):
        services.pack_order(order_id=order.pk, lines={line.pk: 2}, by=boss(), reason="")

    rest, parcel = slips([order], fulfilment)

    assert ("Pot" in rest, "Mug" in rest, "Packed" in rest) == (True, False, False)
    assert ("Pot" in parcel, "Mug" in parcel, "Packed" in parcel) == (False, True, True)


def test_a_parcel_that_left_keeps_its_slip_and_an_unpacked_one_has_none(fulfilment):
    order = OrderFactory(status="processing")
    with click(boss()):
        (torn,) = services.pack_order(order_id=order.pk, by=boss(), reason="")
        services.unpack_shipment(shipment_id=torn.pk, by=boss(), reason="torn")
        services.ship_order(order_id=order.pk, tracking="1Z999AA10123456784", by=boss(), reason="")
    left = order.shipments.get(status="left")

    with click(fulfilment):
        (page,) = pages(print_parcel(shipment_id=left.pk, by=fulfilment))

    assert "UPS 1Z999AA10123456784" in page
    assert slips([order], fulfilment) == [page]
    with pytest.raises(NothingToPrint, match="was unpacked"), click(fulfilment):
        print_parcel(shipment_id=torn.pk, by=fulfilment)
    with pytest.raises(UnknownRow), click(fulfilment):
        print_parcel(shipment_id=0, by=fulfilment)


def test_an_invoice_adds_up_with_shipping_and_what_was_paid(finance):
    order = OrderFactory(status="processing", lines=[(ProductFactory(name="Mug"), 2)])

    (page,) = invoices([order], finance)

    assert f"Invoice {order}" in page
    assert "Bill to" in page
    assert "Mug 2 12.50 25.00" in page
    for label, amount in [
        ("Subtotal", "25.00"),
        ("Shipping", "4.90"),
        ("Total", "29.90"),
        ("Paid", "29.90"),
        ("Still to pay", "0.00"),
    ]:
        assert f"{label} {amount} EUR" in page
    assert "Discount" not in page


def test_an_invoice_shows_discounts_and_their_reason(finance):
    order = OrderFactory(lines=[(ProductFactory(name="Mug"), 2)])
    line = order.lines.get()
    line.discount, line.discount_reason = Decimal("5.00"), "chipped"
    line.save()
    order.discount, order.discount_reason = Decimal("2.50"), "loyal customer"
    order.subtotal, order.total = Decimal("20.00"), Decimal("22.40")
    order.save()

    (page,) = invoices([order], finance)

    assert "Mug 2 12.50 -5.00 20.00" in page
    assert "Discount: loyal customer -2.50 EUR" in page
    assert "Total 22.40 EUR" in page


def test_thirty_lines_go_on_to_a_second_page_with_the_headings_again(finance):
    goods = [(ProductFactory(name=f"Thing number {n:02}"), 1) for n in range(40)]
    order = OrderFactory(lines=goods)

    first, second = invoices([order], finance)

    assert "Bill to" in first
    assert "Bill to" not in second
    for page, number in ((first, 1), (second, 2)):
        assert "SKU" in page
        assert f"{order}, page {number}" in page
    assert all(f"Thing number {n:02}" in first + second for n in range(40))
    assert "Total 504.90 EUR" in second


def test_three_orders_are_one_file_with_a_page_each_in_the_order_asked_for(fulfilment):
    orders = [OrderFactory(status="processing") for _ in range(3)]
    asked = [orders[1], orders[0], orders[2]]

    found = slips(asked, fulfilment)

    assert [str(order) in page for order, page in zip(asked, found, strict=True)] == [True] * 3
    assert all(f"{order}, page 1" in page for order, page in zip(asked, found, strict=True))


NAMES = [
    "Ελένη Παπαδοπούλου",
    "Юрий Щербаков",
    "Żółta Łódź",
    "Çağrı Öztürk İĞŞ",
    "Đặng Thị Ngọc",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_other_alphabets_print(name, fulfilment):
    customer = living_at(name=name, line1="Kai 4", city="Kiel")
    order = OrderFactory(status="processing", customer=customer)

    (page,) = slips([order], fulfilment)

    assert name in page


def test_signs_that_no_font_has_are_marked_and_crash_nothing(fulfilment):
    customer = living_at(name="東京 🐳 Ada", line1="x" * 200, city="Kiel\u202e\u0007")
    order = OrderFactory(
        status="processing",
        customer=customer,
        lines=[(ProductFactory(name="W" * 200), 1)],
    )

    (page,) = slips([order], fulfilment)

    assert "�� � Ada" in page
    assert printable("a\nb\x00\u202ec") == "a b c"


def test_an_erased_address_says_so(fulfilment, finance):
    order = OrderFactory(status="processing")
    order.shipping_address.erase()

    (slip,) = slips([order], fulfilment)
    (invoice,) = invoices([order], finance)

    assert "(erased)" in slip
    assert "Kai 4" not in slip + invoice


def test_orders_without_a_paper_are_named_with_the_reason_on_a_last_page(finance, fulfilment):
    order, draft = OrderFactory(status="processing"), OrderFactory(status="draft")
    cancelled = OrderFactory(status="cancelled")

    *_, last = invoices([order, draft], finance)

    assert "1 order is left out" in last
    assert f"{draft} It was never placed, so it has no number." in last
    *_, last = slips([cancelled, order], fulfilment)
    assert f"{cancelled} It is cancelled." in last
    with pytest.raises(NothingToPrint, match="never placed"):
        invoices([draft], finance)


def test_papers_are_for_those_who_may_read_what_stands_on_them(
    fulfilment, merchandiser, finance, auditor
):
    order = OrderFactory(status="processing")

    for by in (merchandiser, auditor):
        with pytest.raises(NotAllowed):
            slips([order], by)
    for by in (fulfilment, merchandiser, auditor):
        with pytest.raises(NotAllowed):
            invoices([order], by)
    assert len(slips([order], finance)) == 1


def test_a_print_leaves_an_event_that_says_which_paper_and_how_many(fulfilment):
    orders = [OrderFactory(status="processing"), OrderFactory(status="cancelled")]

    with click(fulfilment) as change:
        printed = print_orders(
            paper="packing_slip", order_ids=[order.pk for order in orders], by=fulfilment
        )

    event = AuditEvent.objects.get(kind="paper")
    assert event.change_set == change.row()
    assert event.change_set.actor_id == fulfilment.pk
    assert (event.detail["paper"], event.detail["orders"]) == ("packing_slip", 1)
    assert event.detail["numbers"] == [str(order) for order in orders]
    assert "Lindqvist" not in str(event.detail)
    assert printed.file_name.endswith("-1.pdf")


def test_too_many_orders_and_unknown_ones_are_refused(fulfilment):
    with pytest.raises(TooMany):
        print_orders(paper="packing_slip", order_ids=range(1, MOST_ORDERS + 2), by=fulfilment)
    with pytest.raises(UnknownRow):
        print_orders(paper="packing_slip", order_ids=[0], by=fulfilment)
    with pytest.raises(UnknownRow):
        print_orders(paper="love_letter", order_ids=[0], by=fulfilment)


@pytest.mark.parametrize("rows", [1, 6])
def test_printing_asks_the_database_no_more_for_many(rows, finance, django_assert_max_num_queries):
    ids = [OrderFactory(status="processing").pk for _ in range(rows)]
    finance.has_perm("orders.reveal_customer")

    with click(finance), django_assert_max_num_queries(20):
        print_orders(paper="invoice", order_ids=ids, by=finance)


def test_the_imprint_stands_at_the_foot(settings, finance):
    settings.SHOP_IMPRINT = "Harbour & Pine Ltd\nVAT GB 123"
    order = OrderFactory()

    (page,) = invoices([order], finance)

    assert "Harbour & Pine Ltd · VAT GB 123" in page


def test_a_cancelled_order_s_invoice_asks_for_no_money(finance):
    order = fresh(OrderFactory(status="cancelled"))

    (page,) = invoices([order], finance)

    assert "Cancelled" in page
    assert "Still to pay" not in page


def test_code_128_is_drawn_as_the_standard_says():
    assert len(set(code128.WIDTHS)) == len(code128.WIDTHS) == 107
    assert all(sum(map(int, widths)) == 11 for widths in code128.WIDTHS[:106])
    # The check of “PJJ123C” is 54 in start code B: the standard's own example.
    assert (
        code128.values_of("PJJ123C")[-2]
        == (104 + 48 + 42 * 2 + 42 * 3 + 17 * 4 + 18 * 5 + 19 * 6 + 35 * 7) % 103
    )
    assert code128.width_of("SO-10160-0") == 11 * 12 + 13
    with pytest.raises(ValueError, match="cannot carry"):
        code128.bars("Ödön")
