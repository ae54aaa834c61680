"""Orders by REST: one's own, or the house's by role; money and stock once; versions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.models import User
from config.roles import ROLES
from orders.api.order_steps import WORDS_ONLY, for_programs
from orders.models import Payment
from orders.states import ORDER_FLOW
from tests.orders.factories import OrderFactory, boss, fresh, pay

pytestmark = [pytest.mark.django_db, pytest.mark.row("O5")]
ORDERS = "/api/v1/orders/"


def codes(answer):
    return answer.status_code, answer.json().get("code")


def test_a_customer_sees_their_own_and_nothing_else_exists(shop, order, api_client, eve, post):
    foreign, draft = (
        OrderFactory(customer=eve),
        OrderFactory(status="draft", customer=order.customer),
    )

    assert [row["uuid"] for row in shop.get(ORDERS).json()["results"]] == [str(order.uuid)]
    mine = shop.get(f"{ORDERS}{order.uuid}/").json()
    assert (mine["house"], mine["contact"]["phone"]) == (None, "+49 431 1234")
    for hidden in (foreign, draft):
        assert shop.get(f"{ORDERS}{hidden.uuid}/").status_code == 404
        assert shop.get(f"{ORDERS}{hidden.uuid}/payments/").status_code == 404
        assert shop.get(f"{ORDERS}{hidden.uuid}/steps/").status_code == 404
        assert post(shop, f"orders/{hidden.uuid}/pay/", {"token": "tok_visa"}).status_code == 404
        assert (
            post(shop, f"orders/{hidden.uuid}/cancel/", {"reason_code": "other"}).status_code == 404
        )
    assert api_client().get(ORDERS).status_code == 401


@pytest.mark.parametrize("name", ["tag=vip", "held=true", "assignee=x", "follow_up=due"])
def test_what_the_house_notes_is_not_guessed_through_a_filter(shop, order, name):
    assert len(shop.get(f"{ORDERS}?{name}").json()["results"]) == 1


def test_filters_are_those_of_the_console(api_client, support, order):
    OrderFactory(status="cancelled")
    client = api_client(support)

    for query, found in (
        ("status=cancelled", 1), ("payment=unpaid", 2), ("total_min=29.90&total_max=29.90&channel=web", 1),
        (f"q={order.number}", 1), ("q=ada@example.com", 1),
    ):  # fmt: skip
        assert len(client.get(f"{ORDERS}?{query}").json()["results"]) == found, query
    assert client.get(f"{ORDERS}?total_min=x").status_code == 400


def test_a_page_costs_the_same_however_many_orders(shop, order, django_assert_max_num_queries):
    for _more in range(5):
        OrderFactory(customer=order.customer)

    with django_assert_max_num_queries(16):
        page = shop.get(f"{ORDERS}?page_size=4").json()

    assert len(page["results"]) == 4
    assert len(shop.get(page["next"]).json()["results"]) == 2


@pytest.mark.row("O6")
@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_orders_and_customers_as_the_table_says(role, make_user, order, api_client):
    user = make_user(role)
    answer = api_client(user).get(f"{ORDERS}{order.uuid}/")

    if not user.has_perm("orders.view_order"):
        assert answer.status_code == 404
        return
    reveals = user.has_perm("orders.reveal_customer")
    assert (answer.json()["contact"]["email"] == "ada@example.com") is reveals
    assert ("Kai 4" in str(answer.json()["shipping_address"])) is (
        reveals or user.has_perm("orders.view_address")
    )
    assert answer.json()["house"]["assignee"] is None


@pytest.mark.row("O3")
def test_paying_processes_the_order_and_a_second_call_charges_nothing(shop, order, post):
    address = f"orders/{order.uuid}/pay/"

    first, again = (post(shop, address, {"token": "tok_visa"}) for _time in range(2))

    assert (first.status_code, first.json()["status"], first.json()["payment"]) == (
        200,
        "processing",
        "paid",
    )
    assert again.json()["status"] == "processing"
    assert Payment.objects.filter(kind="authorised").count() == 1
    facts = shop.get(f"{ORDERS}{order.uuid}/payments/").json()
    assert [fact["kind"] for fact in facts] == ["authorised", "captured"]


@pytest.mark.row("O3")
def test_a_declined_card_is_told_and_another_may_follow(shop, order, post):
    declined = post(shop, f"orders/{order.uuid}/pay/", {"token": "tok_declined"}, key="first-try")

    assert codes(declined) == (409, "payment_declined")
    paid = post(shop, f"orders/{order.uuid}/pay/", {"token": "tok_visa"}, key="second-try")
    assert paid.json()["status"] == "processing"


def test_a_card_number_is_refused_and_stands_nowhere(shop, order, post, caplog):
    answer = post(shop, f"orders/{order.uuid}/pay/", {"token": "4242424242424242"})

    assert answer.status_code == 422
    assert "4242" not in answer.content.decode() + caplog.text
    assert not Payment.objects.exists()


def test_next_steps_of_a_customer_are_to_pay_and_to_cancel(shop, order, post):
    def offered():
        return {s["step"]: s["is_open"] for s in shop.get(f"{ORDERS}{order.uuid}/steps/").json()}

    assert offered() == {"take_payment": True, "cancel": True}
    pay(order)
    assert offered() == {"take_payment": False, "cancel": True}


def test_next_steps_of_staff_say_why_one_is_closed(api_client, support, order):
    steps = api_client(support).get(f"{ORDERS}{order.uuid}/steps/").json()

    closed = {step["step"]: step["why_not"] for step in steps if not step["is_open"]}
    assert "Only 0" in closed["process"]


def test_a_customer_cancels_their_order_once(shop, order, post):
    address, body = f"orders/{order.uuid}/cancel/", {"reason_code": "changed_mind"}

    answers = [post(shop, address, body) for _time in range(2)]

    assert [answer.json()["status"] for answer in answers] == ["cancelled"] * 2
    for refused in (
        {"reason_code": "suspected_fraud"},
        {**body, "restock": False},
        {**body, "status": "x"},
    ):
        assert post(shop, address, refused, key="another-key").status_code == 400


def test_a_stale_version_is_refused_with_what_there_is(shop, order, post):
    stale = post(
        shop, f"orders/{order.uuid}/pay/", {"token": "tok_visa"}, version=order.version + 7
    )

    assert codes(stale) == (412, "stale_version")
    assert stale.headers["ETag"] == f'"{fresh(order).version}"'
    assert not Payment.objects.exists()


@pytest.mark.parametrize("step", for_programs(), ids=lambda step: step.name)
def test_every_step_has_an_address_for_its_permission_only(
    step, order, shop, post, api_client, auditor
):
    address = f"orders/{order.uuid}/steps/{step.name}/"

    for client in (shop, api_client(auditor)):
        assert post(client, address, version="*").status_code == 403
    assert api_client().post(f"/api/v1/{address}").status_code == 401
    boss_client = api_client(boss())
    assert codes(post(boss_client, address)) == (428, "version_needed")
    assert "status" in post(boss_client, address, {"status": "x"}, version="*").json()["errors"]
    if (
        step.name not in WORDS_ONLY
        and not any(ask.required for ask in step.asks)
        and step.name != "merge"
    ):
        assert codes(post(boss_client, address, key="", version="*")) == (
            400,
            "idempotency_key_needed",
        )


def test_staff_take_an_order_through_its_life(api_client, manager, order, post):
    pay(order)
    client, at = api_client(manager), f"orders/{order.uuid}/steps/"

    def take(step, body=None):
        return post(client, f"{at}{step}/", body, key=f"key-{step}", version=fresh(order).version)

    assert take("hold", {"reason": "odd address"}).json()["is_held"] is True
    assert codes(take("process")) == (409, "order_held")
    assert take("release").json()["is_held"] is False
    assert take("process").json()["status"] == "processing"
    line = order.lines.get()
    part = {"tracking": "JJD01", "lines": [{"line": str(line.uuid), "units": 1}]}
    assert take("ship", part).json()["fulfilment"] == "partly"
    assert codes(take("cancel", {"reason_code": "other"})) == (409, "already_shipped")
    refund = {"reason_code": "goodwill", "amount": "3.00"}
    assert take("refund", refund).status_code == 200
    assert fresh(order).facts.refunded == Decimal("3.00")
    foreign = {**part, "lines": [{"line": str(OrderFactory().lines.get().uuid), "units": 1}]}
    assert post(client, f"{at}ship/", foreign, key="key-other", version="*").status_code == 422


def test_a_stale_step_is_refused(api_client, support, order, post):
    answer = post(
        api_client(support), f"orders/{order.uuid}/steps/hold/", {"reason": "x"}, version=99
    )

    assert codes(answer) == (412, "stale_version")
    assert not fresh(order).is_held


def test_orders_are_merged_only_into_what_the_caller_sees(api_client, support, order, eve, post):
    other = OrderFactory(customer=order.customer)
    client, address = api_client(support), f"orders/{order.uuid}/steps/merge/"

    unknown = post(client, address, {"into": "00000000-0000-7000-8000-000000000000"}, version="*")
    assert unknown.status_code == 404
    merged = post(client, address, {"into": str(other.uuid)}, key="key-merge", version="*")
    assert (merged.json()["uuid"], fresh(order).status) == (str(other.uuid), "cancelled")


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_an_order_is_not_written_by_hand(shop, order, method):
    assert getattr(shop, method)(f"{ORDERS}{order.uuid}/", {}, format="json").status_code == 405
    assert shop.post(ORDERS, {}, format="json").status_code == 405


def test_a_disabled_account_with_a_live_session_sees_nothing(shop, order):
    user = User.objects.get(pk=order.customer_id)
    user.is_active = False
    user.save()

    assert shop.get(ORDERS).status_code in {401, 403}


def test_the_flow_is_what_the_addresses_are_printed_from():
    assert {step.name for step in for_programs()} == {
        step.name for step in ORDER_FLOW.steps.values() if not step.is_entry
    } - {"edit"}
