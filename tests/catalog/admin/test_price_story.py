"""Who changed the price, when, through which door, and why: one page answers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from backoffice import changes
from catalog import services
from catalog.admin.product_history import price_story
from tests.catalog.admin.conftest import page, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(mug, manager, merchandiser):
    """A price that was changed, scheduled and withdrawn, with other edits between."""
    with changes.change(separate=True, channel="admin"):
        services.edit_product(
            product_id=mug.pk, changes={"description": "Tall"}, by=merchandiser, reason="Words"
        )
    with changes.change(separate=True, channel="import"):
        services.change_price(
            product_id=mug.pk, price=Decimal("24.00"), by=manager, reason="Supplier raised prices"
        )
    with changes.change(separate=True, channel="admin"):
        change = services.schedule_price(
            product_id=mug.pk,
            price=Decimal("19.00"),
            starts_at=timezone.now(),
            ends_at=timezone.now() + timedelta(days=2),
            by=manager,
            reason="Weekend",
        )
    with changes.change(separate=True, channel="admin"):
        services.withdraw_price_change(
            price_change_id=change.pk, by=merchandiser, reason="Sold out"
        )
    return mug


def test_the_story_tells_price_changes_only_newest_first(story):
    entries = price_story(story)

    assert [(str(entry.title), entry.why) for entry in entries] == [
        ("Price withdrawn", "Sold out"),
        ("Price scheduled", "Weekend"),
        ("Changed", "Supplier raised prices"),
        ("Create published", "setup"),
    ]
    changed = entries[2]
    assert [(c.label, c.old, c.new) for c in changed.changes] == [("Price", "20.00", "24.00")]
    assert (changed.who, str(changed.channel)) == ("Manager", "Import")


def test_the_clock_beside_the_price_leads_to_its_story(clerk, story):
    path = page("product_prices", story.pk)

    assert path in said(clerk.get(page("product_change", story.pk)))
    text = said(clerk.get(path))

    assert "“Supplier raised prices”" in text
    assert "“Words”" not in text


def test_an_auditor_finds_the_clock_too(sign_in, auditor, story):
    client = sign_in(auditor)

    assert page("product_prices", story.pk) in said(client.get(page("product_change", story.pk)))
    assert "Supplier raised prices" in said(client.get(page("product_prices", story.pk)))


def test_the_story_of_no_product_is_not_found(clerk):
    assert clerk.get(page("product_prices", 999)).status_code == 404


def test_a_story_costs_the_same_however_long_it_is(clerk, mug, manager, count_queries):
    def reprice(price: int) -> None:
        with changes.change(separate=True):
            services.change_price(product_id=mug.pk, price=Decimal(price), by=manager, reason="x")

    url = page("product_prices", mug.pk)
    reprice(30)
    clerk.get(url)
    few = count_queries(lambda: clerk.get(url))
    for price in range(31, 38):
        reprice(price)

    assert count_queries(lambda: clerk.get(url)) == few
