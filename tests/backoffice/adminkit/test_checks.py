"""The system check refuses an admin with a hole, and lets ours pass."""

from __future__ import annotations

import pytest
from django.contrib import admin
from unfold.admin import ModelAdmin
from unfold.decorators import action

from backoffice import cards
from backoffice.adminkit import checks
from backoffice.adminkit.acts import Act
from backoffice.adminkit.console import ConsoleAdmin
from backoffice.adminkit.site import ConsoleSite
from backoffice.cards import NavItem
from catalog.models import Tag

SITE = ConsoleSite(name="scratch")
KNOWN = {"catalog.change_tag"}


def found(admin_class):
    return [error.id for error in checks.check_admin(admin_class(Tag, SITE), KNOWN)]


@pytest.mark.row("G20")
def test_our_own_console_passes():
    assert checks.check_console() == []


def test_a_stock_action_without_permission_is_refused():
    class Bad(ConsoleAdmin):
        actions = ("blank",)

        @admin.action(description="Blank")
        def blank(self, request, queryset):
            pass

    assert found(Bad) == ["backoffice.E021"]


def test_a_stock_action_with_permission_but_without_a_dialog_is_refused():
    class Bad(ConsoleAdmin):
        actions = ("blank",)

        @admin.action(description="Blank", permissions=["change"])
        def blank(self, request, queryset):
            pass

    assert found(Bad) == ["backoffice.E021"]


@pytest.mark.parametrize(
    "place", ["actions_list", "actions_row", "actions_detail", "actions_submit_line"]
)
def test_an_unfold_action_that_runs_on_get_is_refused(place):
    @action(description="Blank", permissions=["change"])
    def blank(self, request, *args):
        pass

    bad = type("Bad", (ConsoleAdmin,), {"blank": blank, place: ["blank"]})
    nested = type(
        "Nested", (ConsoleAdmin,), {"blank": blank, place: [{"title": "More", "items": ["blank"]}]}
    )

    assert found(bad) == ["backoffice.E021"]
    assert found(nested) == ["backoffice.E021"]


def test_an_unfold_action_with_dialog_and_permissions_passes():
    class Good(ConsoleAdmin):
        actions_list = ("blank",)

        @action(description="Blank", permissions=["change"], dialog={"title": "Sure?"})
        def blank(self, request, form):
            pass

    assert found(Good) == []


def test_an_action_that_only_reads_still_needs_a_permission():
    @admin.action(description="Count", permissions=["view"])
    def count(self, request, queryset):
        pass

    count.reads_only = True
    good = type("Good", (ConsoleAdmin,), {"count": count, "actions": ("count",)})
    del count.allowed_permissions

    assert found(good) == ["backoffice.E021"]


def test_list_editable_and_custom_urls_are_refused():
    class Bad(ConsoleAdmin):
        list_display = ("slug", "name")
        list_editable = ("name",)
        custom_urls = (("x", "x", lambda request: None),)

    assert found(Bad) == ["backoffice.E022", "backoffice.E023"]


def test_an_act_whose_permission_no_model_declares_is_refused():
    class Bad(ConsoleAdmin):
        acts = (Act("wipe", "Wipe", "catalog.wipe_tag", one=lambda **k: None),)

    assert found(Bad) == ["backoffice.E024"]


def test_an_act_without_a_verb_or_with_an_impossible_name_is_refused():
    class Bad(ConsoleAdmin):
        acts = (Act("Re port", "Report", "catalog.change_tag"),)

    assert found(Bad) == ["backoffice.E025", "backoffice.E026"]


def test_a_model_of_ours_without_console_admin_is_refused(monkeypatch):
    monkeypatch.setitem(admin.site._registry, Tag, ModelAdmin(Tag, admin.site))

    assert "backoffice.E020" in [error.id for error in checks.check_console()]


def test_a_card_with_an_unknown_permission_is_refused(monkeypatch):
    monkeypatch.setattr(cards, "_cards", {})
    cards.register(NavItem(name="x", label="X", url="/x/", permission="nobody.has_this"))

    assert [error.id for error in checks.check_cards(KNOWN)] == ["backoffice.E027"]


def test_a_sidebar_item_without_a_permission_is_refused(settings):
    items = [{"title": "Home", "link": "/"}]
    settings.UNFOLD = {
        "SIDEBAR": {"navigation": [{"title": "", "items": items}]},
        "TABS": [{"models": [], "items": items}],
    }

    assert [error.id for error in checks.check_sidebar()] == ["backoffice.E028", "backoffice.E029"]
