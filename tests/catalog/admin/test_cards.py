"""What the catalogue puts into navigation, home page and palette, for those who may see it."""

from __future__ import annotations

import pytest

from backoffice.cards import Kpi, NavItem, Panel, cards, cards_for
from catalog import cards as catalogue
from config.roles import ROLES
from tests.catalog.admin.conftest import page
from tests.catalog.factories import ReviewFactory

pytestmark = pytest.mark.django_db

OURS = [
    card
    for kind in (NavItem, Kpi, Panel)
    for card in cards(kind)
    if card.name.startswith("catalog.")
]


@pytest.mark.row("A5")
@pytest.mark.parametrize("role", ROLES)
def test_a_person_sees_only_what_their_role_may(role, request):
    user = request.getfixturevalue(role)

    shown = {card.name for kind in (NavItem, Kpi, Panel) for card in cards_for(kind, user)}

    assert OURS
    for card in OURS:
        assert (card.name in shown) is (card.permission in ROLES[role]), card.name


@pytest.mark.row("A5")
def test_every_card_leads_to_a_page_that_opens(clerk):
    for card in OURS:
        assert clerk.get(card.path).status_code == 200, card.name


def test_badges_count_low_stock_and_waiting_reviews(make_mug, merchandiser):
    assert catalogue.low_stock(merchandiser) is None
    mug = make_mug("LOW", stock=5)
    make_mug("PLENTY", stock=50)
    ReviewFactory(product=mug)

    assert catalogue.low_stock(merchandiser) == 1
    assert catalogue.waiting_reviews(merchandiser) == 1


def test_figures_count_published_low_and_empty(make_mug, merchandiser):
    make_mug("LOW", stock=5)
    make_mug("OUT")
    make_mug("DRAFT", status="draft")

    assert catalogue.published_products(merchandiser) == 2
    assert catalogue.low_on_stock(merchandiser) == 2
    assert catalogue.out_of_stock(merchandiser) == 1


def test_the_emptiest_products_stand_first_and_lead_to_their_adjustment(
    make_mug, merchandiser, auditor
):
    low, out = make_mug("LOW", stock=2), make_mug("OUT")
    for number in range(10):
        make_mug(f"L-{number}", stock=4)

    rows = catalogue.most_urgent(merchandiser)

    assert [row.detail for row in rows[:2]] == ["OUT", "LOW"]
    assert len(rows) == 8
    assert str(rows[0].badge) == "Out of stock"
    assert str(rows[1].badge) == "2 left"
    assert rows[0].url == page("product_act", out.pk, "adjust_stock")
    assert catalogue.most_urgent(auditor)[1].url == page("product_change", low.pk)


def test_the_palette_finds_a_whole_sku_or_barcode_before_names(make_mug, merchandiser):
    named = make_mug("BOWL-1", name="A bowl like MUG")
    exact = make_mug("MUG", name="Harbour mug", barcode="4006381333931")

    by_sku = catalogue.find_products(merchandiser, "mug", 5)
    by_barcode = catalogue.find_products(merchandiser, " 4006381333931 ", 5)

    assert [(hit.title, hit.is_exact) for hit in by_sku] == [
        (exact.name, True),
        (named.name, False),
    ]
    assert [hit.url for hit in by_barcode] == [page("product_change", exact.pk)]


def test_the_palette_offers_five_products_at_most(make_mug, merchandiser):
    for number in range(7):
        make_mug(f"MUG-{number}")

    assert len(list(catalogue.find_products(merchandiser, "harbour", 50))) == 5
    assert list(catalogue.find_products(merchandiser, "   ", 5)) == []
