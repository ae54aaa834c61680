"""What each letter says: the number, the lines, the sums; and nothing that is not for customers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders import services
from orders.models import Message, RefundLine
from orders.services.letters import UnknownLetter, write_letter
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory, boss, click

pytestmark = pytest.mark.django_db

NASTY = '<script>alert("1")</script> & {{ 1 }}'
STATUS = {
    "confirmation": "pending",
    "shipped": "completed",
    "cancelled": "cancelled",
    "refunded": "processing",
}


@pytest.mark.parametrize("template", Message.Template.values)
def test_every_letter_has_number_and_lines_in_text_and_html(template):
    order = _order(template, ProductFactory(name="Mug large"))

    letter = write_letter(order, template)

    assert order.number in letter.subject
    for words in (letter.text, letter.html):
        assert order.number in words
        assert "2 × Mug large" in words
        assert "Hello Zoë" in words
        assert "Harbour &amp; Pine" in words or "Harbour & Pine" in words


@pytest.mark.parametrize("template", Message.Template.values)
def test_no_letter_lets_html_in(template):
    order = _order(template, ProductFactory(name=NASTY), first_name="<b>Zoë</b>")

    letter = write_letter(order, template)

    assert "<script" not in letter.html
    assert "<b>Zoë" not in letter.html
    assert "&lt;script&gt;" in letter.html
    assert NASTY in letter.text
    # The text is not HTML: a page that shows it must escape it.
    assert not hasattr(letter.text, "__html__")


@pytest.mark.parametrize("template", Message.Template.values)
def test_every_letter_can_be_previewed_for_any_order(template):
    for status in ("draft", "pending", "processing", "completed", "cancelled"):
        order = OrderFactory(status=status)

        letter = write_letter(order, template)

        assert str(order) in letter.text
        assert "None" not in letter.text


def test_the_confirmation_tells_sums_and_where_it_goes():
    order = _order("confirmation", ProductFactory(name="Mug", price=Decimal("12.50")))

    text = write_letter(order, "confirmation").text

    assert "2 × Mug: 25.00 EUR" in text
    assert "Shipping: 4.90 EUR" in text
    assert "Total: 29.90 EUR" in text
    assert "as soon as your payment has arrived" in text
    assert "Kai 4" in text


def test_the_parcel_s_letter_tells_carrier_tracking_and_its_own_lines():
    mug, bowl = ProductFactory(name="Mug"), ProductFactory(name="Bowl")
    order = OrderFactory(status="processing", lines=[(mug, 2), (bowl, 1)])
    first = order.lines.get(product=mug)
    with click(boss()):
        services.ship_order(
            order_id=order.pk,
            by=boss(),
            reason="",
            carrier="DHL",
            tracking="JJD01",
            lines=[services.ShipUnits(first.pk, 1)],
        )

    text = write_letter(order, "shipped").text

    assert "Carrier: DHL" in text
    assert "Tracking number: JJD01" in text
    assert "1 × Mug" in text
    assert "Bowl" not in text
    assert "2 more pieces follow" in text


def test_the_letter_about_a_refund_tells_the_sum_of_one_click():
    order = _order("refunded", ProductFactory(name="Mug"))

    text = write_letter(order, "refunded").text

    amount = sum(refund.amount for refund in order.refunds.all())
    assert f"returning {amount:,.2f} EUR" in text
    assert RefundLine.objects.filter(refund__order=order).exists()


def test_a_cancellation_never_tells_our_own_reason():
    order = OrderFactory()
    with click(boss()):
        services.cancel_order(
            order_id=order.pk, by=boss(), reason_code="suspected_fraud", reason="stolen card"
        )

    letter = write_letter(order, "cancelled")

    for words in (letter.text, letter.html):
        assert "fraud" not in words.lower()
        assert "stolen" not in words
    assert "Nothing was charged." in letter.text


def test_a_cancellation_says_what_goes_back():
    order = OrderFactory(status="processing")
    with click(boss()):
        services.cancel_order(order_id=order.pk, by=boss(), reason_code="other", reason="")

    text = write_letter(order, "cancelled").text

    assert "We are returning 29.90 EUR" in text
    assert "Nothing was charged" not in text


def test_the_name_can_be_masked_for_a_preview():
    order = _order("confirmation", ProductFactory())

    letter = write_letter(order, "confirmation", name="Z•••")

    assert "Hello Z•••," in letter.text


def test_an_unknown_letter_is_a_refusal():
    with pytest.raises(UnknownLetter):
        write_letter(OrderFactory(), "../../etc/passwd")


def _order(template, product, first_name="Zoë"):
    customer = CustomerFactory(first_name=first_name, last_name="")
    order = OrderFactory(status=STATUS[template], customer=customer, lines=[(product, 2)])
    if template == "refunded":
        line = order.lines.get()
        with click(boss()):
            services.refund_order(
                order_id=order.pk,
                by=boss(),
                reason_code="goodwill",
                reason="scratched",
                lines=[services.RefundUnits(line.pk, 2)],
                notify=False,
            )
    return order
