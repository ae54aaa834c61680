from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.utils import timezone

from backoffice import changes
from backoffice.adminkit.palette import find
from backoffice.cards import Kpi, NavItem, Panel, cards_for
from orders import figures, services
from tests.orders.admin.desk import page_of, read
from tests.orders.factories import CustomerFactory, OrderFactory, boss

pytestmark = pytest.mark.django_db


def placed_at(moment, **fields):
    order = OrderFactory(status="draft", **fields)
    with changes.change(separate=True, at=moment):
        return services.place_order(order_id=order.pk, by=boss(), reason="")


def value_of(name, user):
    return next(kpi for kpi in cards_for(Kpi, user) if kpi.name == name)


def rows_of(name, user):
    panel = next(panel for panel in cards_for(Panel, user) if panel.name == name)
    return list(panel.rows(user))


def test_orders_and_revenue_are_counted_by_day_without_cancelled_ones(db):
    now = timezone.now()
    OrderFactory()
    OrderFactory(status="cancelled")
    placed_at(now - timedelta(days=3))
    placed_at(now - timedelta(days=40))

    days = figures.days_up_to(figures.today(), days=30)

    assert len(days) == 30
    assert [day.orders for day in days if day.orders] == [1, 1]
    assert sum(day.revenue for day in days) == Decimal("59.80")


def test_the_week_is_held_against_the_week_before(support):
    now = timezone.now()
    placed_at(now - timedelta(days=1), shipping_fee=Decimal("25.00"))
    placed_at(now - timedelta(days=9), shipping_fee=Decimal("0.00"))

    kpi = value_of("revenue_week", support)

    assert kpi.value(support) == "50.00 EUR"
    assert kpi.hint(support) == "+100 % on the 7 days before"


def test_the_oldest_waiting_order_stands_first_in_its_panel(support):
    OrderFactory()
    oldest = placed_at(timezone.now() - timedelta(days=2))

    first = rows_of("next_waiting", support)[0]

    assert (first.title, first.url) == (oldest.number, page_of(oldest))
    assert (first.badge, first.tone) == ("2 d", "danger")


def test_the_card_of_the_next_waiting_order_opens_it(support, sign_in):
    OrderFactory()
    oldest = placed_at(timezone.now() - timedelta(hours=30))

    figure = value_of("next_waiting", support).value(support)

    assert (figure.value, figure.path) == (oldest.number, page_of(oldest))
    assert (figure.hint, figure.tone) == ("waiting for 1 d 6 h", "warning")
    html = read(sign_in(support), "/admin/")
    assert f'href="{page_of(oldest)}" class="bo-kpi bo-kpi-warning"' in html


def test_where_nobody_waits_the_card_leads_to_the_empty_queue(support, sign_in):
    figure = value_of("next_waiting", support).value(support)

    assert (figure.value, figure.path, figure.hint) == (None, "", "nobody waits")
    assert 'href="/admin/orders/order/?queue=to_process" class="bo-kpi bo-kpi-neutral"' in read(
        sign_in(support), "/admin/"
    )


def test_the_figure_of_a_queue_is_red_while_somebody_has_waited_too_long(support):
    placed_at(timezone.now() - timedelta(hours=1))
    card = value_of("to_process", support)
    calm = card.value(support)
    placed_at(timezone.now() - timedelta(days=3))

    late = card.value(support)

    assert (calm.value, calm.tone, calm.hint) == ("1", "success", "none has waited too long")
    assert (late.value, late.tone, late.hint) == ("2", "danger", "1 has waited too long")


def test_follow_ups_of_today_and_before_stand_on_the_home_page(support):
    due, later = OrderFactory(), OrderFactory()
    for order, days in ((due, 0), (later, 2)):
        day = timezone.localdate() + timedelta(days=days)
        services.set_follow_up(order_id=order.pk, on=day, by=support, reason="")

    assert [row.title for row in rows_of("follow_up", support)] == [due.number]


def test_the_home_page_says_how_long_the_steps_take(support, sign_in):
    cache.delete("orders.step_times")
    OrderFactory(status="completed")

    html = read(sign_in(support), "/admin/")

    assert "Pending → processing" in html
    assert "under a minute" in html


def test_what_waits_for_me_is_what_i_have_taken(support, manager):
    mine, other = OrderFactory(), OrderFactory()
    services.take_order(order_id=mine.pk, by=support, reason="")
    services.take_order(order_id=other.pk, by=manager, reason="")

    assert [row.title for row in rows_of("mine", support)] == [mine.number]


def test_each_role_gets_the_panels_of_its_work(fulfilment, support, auditor):
    def names(user):
        return {panel.name for panel in cards_for(Panel, user)}

    assert {"to_ship", "mine"} <= names(fulfilment)
    assert "next_waiting" not in names(fulfilment)
    assert {"next_waiting", "mine"} <= names(support)
    assert not {"next_waiting", "to_ship", "mine"} & names(auditor)


def test_the_badge_counts_what_is_to_be_processed(support):
    OrderFactory()
    OrderFactory(status="processing")

    item = next(item for item in cards_for(NavItem, support) if item.name == "orders")

    assert item.badge(support) == "1"


def test_the_palette_finds_an_order_by_its_number_with_or_without_dashes(support):
    order = OrderFactory()

    for text in (order.number, order.number.replace("-", ""), order.number[3:].replace("-", "")):
        first = find(support, text)[0]
        assert (first.title, first.is_exact) == (order.number, True)


def test_the_palette_opens_the_only_order_of_an_email_address(support):
    order = OrderFactory(customer=CustomerFactory(email="ada@example.com"))

    assert find(support, "ada@example.com")[0].url == page_of(order)


def test_the_palette_leads_to_the_list_when_there_are_several(support, sign_in):
    customer = CustomerFactory(email="ada+shop@example.com")
    orders = [OrderFactory(customer=customer) for _each in range(3)]

    first = find(support, "ada+shop@example.com")[0]

    assert first.title == "3 orders of ada+shop@example.com"
    html = read(sign_in(support), first.url)
    assert all(order.number in html for order in orders)


def test_the_palette_shows_masked_roles_no_names(auditor):
    OrderFactory(customer=CustomerFactory(email="ada@example.com"))

    hits = find(auditor, "ada@example.com")

    assert hits
    assert "Lindqvist" not in str(hits)
    assert find(auditor, "Ada") == []


def test_the_home_page_answers_every_role(make_user, sign_in):
    OrderFactory()

    for role in ("support", "fulfilment", "finance", "auditor", "manager", "merchandiser", "admin"):
        read(sign_in(make_user(role)), "/admin/")
