"""Navigation, palette, home and login: each person sees what their role may."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured

from backoffice import cards
from backoffice.adminkit import palette
from backoffice.adminkit.checks import declared_permissions
from backoffice.adminkit.site import navigation
from backoffice.cards import Chart, Hit, Kpi, NavItem, Panel, PanelRow, SearchSource, Series


@pytest.fixture(autouse=True)
def _own_cards(monkeypatch):
    """A registry that a test may add to."""
    monkeypatch.setattr(cards, "_cards", dict(cards._cards))


def titles(items):
    return [item["title"] for group in items for item in group["items"]]


def test_a_card_without_a_permission_cannot_be_made():
    with pytest.raises(ImproperlyConfigured, match="names no permission"):
        NavItem(name="x", label="X", url="admin:index", permission="")


def test_every_card_names_permissions_that_exist():
    for card in cards.cards(cards.Card):
        names = (card.permission,) if isinstance(card.permission, str) else card.permission
        assert set(names) <= declared_permissions(), card


@pytest.mark.row("A5")
def test_the_sidebar_lists_what_the_role_may_open(rf, merchandiser, admin):
    request = rf.get("/admin/")

    request.user = merchandiser
    merchandisers = titles(navigation(request))
    request.user = admin
    admins = titles(navigation(request))

    assert "Staff" not in merchandisers
    assert {"Staff", "Roles", "Change sets"} <= set(admins)
    assert "Products" not in admins


def test_a_page_lights_up_by_its_own_address_not_by_a_part_of_it(rf, admin):
    request = rf.get("/admin/backoffice/user/add/")
    request.user = admin

    active = [i["title"] for g in navigation(request) for i in g["items"] if i["active"]]

    assert active == ["Staff"]


def search(client, text):
    return client.get("/admin/search/", {"s": text, "extended": "1"})


def test_the_palette_finds_pages_the_person_may_open(clerk, sign_in, admin):
    assert "Staff" not in search(clerk, "staff").content.decode()
    assert "/admin/backoffice/user/" in search(sign_in(admin), "staff").content.decode()


def test_the_palette_forgets_a_permission_at_once(sign_in, admin):
    client = sign_in(admin)
    assert "/admin/backoffice/user/" in search(client, "staff").content.decode()

    admin.groups.set([Group.objects.get(name="merchandiser")])

    page = search(client, "staff")
    assert "/admin/backoffice/user/" not in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_the_palette_asks_only_sources_the_person_may_use_and_takes_five(admin, merchandiser):
    def find(user, text, limit):
        return [Hit(title=f"{text} {n}", url="/x/") for n in range(9)]

    cards.register(
        SearchSource(name="many", label="", permission="backoffice.view_user", find=find)
    )

    assert len([h for h in palette.find(admin, "zebra") if str(h.title).startswith("zebra")]) == 5
    assert palette.find(merchandiser, "zebra") == []


def test_an_exact_record_comes_before_pages_and_pages_before_the_rest(admin):
    def find(user, text, limit):
        return [Hit(title="Alike", url="/a/"), Hit(title="Itself", url="/b/", is_exact=True)]

    cards.register(
        SearchSource(name="x", label="", permission="backoffice.view_user", order=0, find=find)
    )

    titles = [str(hit.title) for hit in palette.find(admin, "staff")]

    assert titles.index("Itself") < titles.index("Staff") < titles.index("Alike")


def test_an_e_mail_address_is_an_exact_match(admin):
    hits = palette.find(admin, "admin@example.com")

    assert hits[0].title == "Admin"
    assert hits[0].is_exact


def test_a_palette_without_text_or_result_answers(clerk):
    assert clerk.get("/admin/search/").status_code == 200
    assert "Nothing that you may see" in search(clerk, "xyzzy").content.decode()


def test_the_palette_is_for_those_who_signed_in(client, db):
    assert client.get("/admin/search/?s=a").status_code == 302


@pytest.mark.row("A5")
def test_home_shows_cards_to_those_who_may_see_them(clerk, sign_in, admin):
    cards.register(
        Kpi(
            name="people", label="People here", permission="backoffice.view_user", value=lambda u: 7
        ),
        Chart(
            name="days",
            label="Orders a day",
            permission="backoffice.view_user",
            series=lambda u: Series(labels=["Mon", "Tue"], values=[3, 5]),
        ),
        Panel(
            name="inbox",
            label="What waits",
            permission="backoffice.view_user",
            rows=lambda u: [PanelRow("SO-1", url="/x/", badge="late", tone="danger")],
        ),
        Panel(
            name="calm",
            label="Calm",
            permission="backoffice.view_user",
            rows=lambda u: [],
            empty="All done.",
        ),
    )

    admins = sign_in(admin).get("/admin/").content.decode()
    clerks = clerk.get("/admin/").content.decode()

    for text in ("People here", "Orders a day", "Mon: 3; Tue: 5", "SO-1", "All done."):
        assert text in admins
        assert text not in clerks


def test_a_chart_of_nothing_says_so(sign_in, admin):
    cards.register(
        Chart(
            name="days",
            label="Orders a day",
            permission="backoffice.view_user",
            series=lambda u: Series(labels=["Mon"], values=[0]),
        )
    )

    assert "Nothing happened in these days yet." in sign_in(admin).get("/admin/").content.decode()


def test_home_of_somebody_without_a_role_has_words(sign_in, make_user):
    page = sign_in(make_user()).get("/admin/")

    assert page.status_code == 200
    assert "Nothing waits for you here." in page.content.decode()


def test_no_page_has_an_inline_script_or_handler(clerk, product):
    for address in (
        "/admin/",
        "/desk/catalog/product/",
        f"/desk/catalog/product/{product.pk}/change/",
        f"/desk/catalog/product/{product.pk}/history/",
        f"/desk/catalog/product/{product.pk}/acts/lift/",
    ):
        text = clerk.get(address).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S", text), address
        assert not re.search(r"\son(click|load|change|submit|input)=", text), address
