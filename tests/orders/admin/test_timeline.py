from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders import services
from orders.models import Order
from orders.services import LineDraft
from orders.sight import Sight
from orders.states import ORDER_FLOW
from orders.states.orders import BESIDE
from orders.timeline import TAKEN, timeline_of
from tests.orders.admin.desk import page_of, press, read
from tests.orders.factories import OrderFactory, ProductFactory, click, pay

pytestmark = pytest.mark.django_db

ALL = Sight(sees_customer=True, sees_address=True)


def entries(order, **options):
    order = Order.objects.get(pk=order.pk)
    return [e for day in timeline_of(order, sight=ALL, **options) for e in day.entries]


def changes_of(entry):
    return [(d.label, d.old, d.new) for d in (*entry.differences, *entry.details)]


def test_the_timeline_shows_both_transitions_with_actor_reason_and_old_and_new(
    support, manager, sign_in
):
    order = OrderFactory()
    pay(order)
    press(sign_in(support), order, "process", reason="customer is in a hurry")
    press(sign_in(manager), order, "cancel", reason_code="changed_mind", reason="changed her mind")

    cancelled, processed = [e for e in entries(order) if e.is_status_change][:2]

    assert (processed.who, processed.why) == ("Support", "customer is in a hurry")
    assert (processed.old_state.name, processed.new_state.name) == ("pending", "processing")
    assert cancelled.who == "Manager"
    assert "changed her mind" in cancelled.why
    assert (cancelled.old_state.name, cancelled.new_state.name) == ("processing", "cancelled")
    assert cancelled.at > processed.at


def test_an_auditor_reads_both_transitions_on_the_page(support, auditor, sign_in):
    order = OrderFactory()
    pay(order)
    press(sign_in(support), order, "process", reason="customer is in a hurry")

    html = read(sign_in(auditor), page_of(order))

    for words in ("Processed", "Pending", "Processing", "Support", "customer is in a hurry"):
        assert words in html


def test_money_parcels_and_lines_stand_with_the_step_of_the_same_click(support, fulfilment):
    order = OrderFactory(status="processing")
    with click(fulfilment):
        services.ship_order(
            order_id=order.pk, by=fulfilment, reason="", carrier="DHL", tracking="JJD1"
        )

    completed, shipped, processed = entries(order)[:3]

    assert completed.title == "Completed"
    assert shipped.facts == ["Shipped · 2 units · DHL · JJD1"]
    sku = order.lines.get().sku
    assert (f"{sku} Shipped", "0", "2") in changes_of(shipped)
    assert processed.facts[0].startswith("Captured · 29.90 EUR")


def test_a_declined_card_and_a_note_are_entries_of_their_own(support):
    order = OrderFactory()
    with pytest.raises(services.PaymentDeclined):
        pay(order, "tok_declined")
    with click(support):
        services.add_note(order_id=order.pk, body="She will call back.", by=support)

    note, declined = entries(order)[:2]

    assert (note.kind, note.body, note.who) == ("note", "She will call back.", "Support")
    assert declined.title == "Failed · 29.90 EUR"
    assert "declined" in declined.facts[0]


def test_edited_lines_show_old_and_new(support):
    mug, bowl = ProductFactory(sku="MUG"), ProductFactory(sku="BOWL")
    order = OrderFactory(status="draft", lines=[(mug, 1)])
    with click(support):
        services.edit_draft(
            order_id=order.pk,
            by=support,
            reason="she wants more",
            lines=[LineDraft(mug.pk, 3), LineDraft(bowl.pk, 1)],
        )

    edited = entries(order)[0]

    assert edited.why == "she wants more"
    assert ("MUG Quantity", "1", "3") in changes_of(edited)
    assert ("BOWL", "–", "1 × 12.50") in changes_of(edited)
    assert ("Total", "17.40", "54.90") in changes_of(edited)


def test_an_assignee_is_named(support, manager):
    order = OrderFactory()
    with click(manager):
        services.assign_order(order_id=order.pk, assignee_id=support.pk, by=manager, reason="")

    assert ("Assignee", "–", "Support") in changes_of(entries(order)[0])


def test_the_filters_show_status_changes_or_notes_alone(support):
    order = OrderFactory()
    services.add_note(order_id=order.pk, body="Hello", by=support)
    services.hold_order(order_id=order.pk, by=support, reason="wait")

    assert [e.title for e in entries(order, shown="status")] == ["Placed", "Written"]
    assert [e.body for e in entries(order, shown="notes")] == ["Hello"]


def test_names_and_addresses_in_the_timeline_are_masked(support):
    order = OrderFactory(status="draft")
    for street in ("Kai 4", "Fjordweg 7"):
        with click(support):
            address = services.record_address(
                customer_id=order.customer_id,
                line1=street,
                city="Kiel",
                country="DE",
                by=support,
                reason="",
            )
            services.address_order(
                order_id=order.pk, shipping_address_id=address.pk, by=support, reason=""
            )
    order = Order.objects.get(pk=order.pk)

    seen = timeline_of(order, sight=Sight(sees_customer=False, sees_address=False))

    words = str([changes_of(e) for day in seen for e in day.entries])
    assert "Kiel DE" in words
    assert "Fjordweg" not in words


def test_the_queries_of_a_timeline_do_not_grow_with_what_happened(support):
    order = OrderFactory()
    pay(order)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            entries(order)
        return len(caught)

    before = queries()
    for _time in range(5):
        services.add_note(order_id=order.pk, body="x", by=support)
        services.hold_order(order_id=order.pk, by=support, reason="wait")
        services.release_order(order_id=order.pk, by=support, reason="")

    assert queries() == before


def test_every_step_has_a_word_for_having_been_taken():
    # An order that came by a sheet is told in the words of its step.
    told = {name for name in ORDER_FLOW.steps if not name.startswith("take_in_")}
    assert told <= set(TAKEN) <= told | {step.name for step in BESIDE}
