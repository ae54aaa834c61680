"""The walk of the README, run as it stands there; then the house goes on with that order."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.urls import reverse

from orders.models import Message, Order
from tests.orders.factories import ProductFactory, fresh

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl: apt-get install curl"),
    pytest.mark.row("T4"),
    pytest.mark.row("O5"),
]
README = Path(settings.BASE_DIR) / "orders" / "README.md"


def walk(live_server) -> dict:
    """Run the text of the README against a server; return the order that it sees at the end."""
    text = re.search(r"## An order by curl\n.*?```sh\n(.*?)```", README.read_text(), re.DOTALL)[1]
    mail.outbox.clear()
    walking = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", text],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "SHOP": live_server.url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    printed, complained = walking.communicate(f"{key_in_the_letter()}\n", timeout=60)
    assert walking.returncode == 0, printed + complained
    # The last thing that it prints is the order; its lines are objects of their own inside.
    return json.loads(printed[printed.rindex('{"uuid":', 0, printed.rindex('"number":')) :])


def key_in_the_letter() -> str:
    """Wait for the letter as a person does, and return the end of its link."""
    until = time.monotonic() + 30
    while not mail.outbox and time.monotonic() < until:
        time.sleep(0.05)
    return re.search(r"confirm-email/([^/\s]+)", mail.outbox[0].body)[1]


@pytest.fixture
def shelves():
    ProductFactory(price=Decimal("3.00"), stock=0)  # cheaper, and none is there
    ProductFactory(sku="CUP", price=Decimal("5.00"))


def test_the_walk_of_the_readme_ends_with_a_paid_order(live_server, shelves):
    seen = walk(live_server)

    order = fresh(Order.objects.get())
    assert str(order.uuid) == seen["uuid"]
    assert (seen["status"], seen["payment"], seen["total"]) == ("processing", "paid", "14.90")
    assert [(line["sku"], line["quantity"]) for line in seen["lines"]] == [("CUP", 2)]
    assert order.cart.lines.count() == 0
    assert Message.objects.get().template == "confirmation"
    assert list(order.history.order_by("pk").values_list("step", flat=True)) == [
        "check_out", "place", "process",
    ]  # fmt: skip


def test_what_is_above_the_limit_is_processed_in_the_console(
    live_server, shelves, support, sign_in, settings
):
    settings.ORDER_REVIEW_ABOVE = Decimal(10)
    seen = walk(live_server)
    assert (seen["status"], seen["payment"]) == ("pending", "authorised")
    order = Order.objects.get()

    client = sign_in(support)
    page = client.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert "Process" in page.content.decode()
    client.post(
        reverse("admin:orders_order_act", args=[order.pk, "process"]),
        {"idempotency_key": "key-of-a-click", "version": order.version, "reason": ""},
    )

    order = fresh(order)
    assert (order.status, order.facts.payment_state(order.total)) == ("processing", "paid")
