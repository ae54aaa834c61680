"""Saved views: the verbs, who may what, and what a refusal says."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from backoffice import saved_views
from backoffice.models import DefaultView, SavedView
from backoffice.refused import BadValue, NotAllowed, UnknownRow
from tests.orders.factories import click

pytestmark = pytest.mark.django_db

ORDERS = "orders.order"


def save(by, name="Mine", query="status=pending", **more) -> SavedView:
    return saved_views.save_view(label=ORDERS, name=name, query=query, by=by, **more)


def role(name: str) -> int:
    return Group.objects.get(name=name).pk


def test_a_view_keeps_what_the_list_knows_in_one_order_and_its_history(support):
    query = "status=pending&p=3&e=1&placed_after=2026-01-01&made_up=1&q=ada&o=2&status=completed"

    with click():
        view = save(support, name="  Two   words ", query=query)

    assert view.name == "Two words"
    assert view.query == "o=2&placed_after=2026-01-01&q=ada&status=completed&status=pending"
    told = view.history.get()
    assert (told.history_type, told.change_set.actor) == ("+", support)


@pytest.mark.parametrize("name", ["", "   ", "\x00", "x" * 61])
def test_a_name_that_is_none_is_refused(support, name):
    with pytest.raises(BadValue, match="Name"):
        save(support, name=name)


@pytest.mark.parametrize("query", ["", "p=2", "made_up=1", "q=%00", "&".join(["q=1"] * 500)])
def test_no_filters_are_no_view(support, query):
    with pytest.raises(saved_views.NothingToSave):
        save(support, query=query)


@pytest.mark.parametrize("query", ["q=ada%40example.com", "status=pending&q=x ada@example.com"])
def test_an_address_is_not_kept_for_ever(support, query):
    view = save(support)

    with pytest.raises(saved_views.PersonalView):
        save(support, name="Other", query=query)
    with pytest.raises(saved_views.PersonalView):
        saved_views.update_view(view_id=view.pk, query=query, by=support)
    assert [row.query for row in SavedView.history.all()] == ["status=pending"]


def test_filters_without_end_are_refused(support):
    with pytest.raises(BadValue, match="too long"):
        save(support, query="q=" + "x" * 2_001)


def test_a_name_is_taken_once_for_each_person_and_list(support, manager):
    save(support)
    other = save(support, name="Other")

    with pytest.raises(saved_views.ViewNameTaken):
        save(support)
    with pytest.raises(saved_views.ViewNameTaken):
        saved_views.rename_view(view_id=other.pk, name="Mine", by=support)
    save(manager)


def test_a_person_has_so_many_views_of_a_list_and_no_more(support, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST_PER_LIST", 1)
    save(support)

    with pytest.raises(saved_views.TooManyViews):
        save(support, name="Second")


def test_an_auditor_and_whoever_does_not_see_the_list_save_nothing(auditor, admin):
    for nobody in (auditor, admin):
        with pytest.raises(NotAllowed):
            save(nobody)
    with pytest.raises(UnknownRow):
        saved_views.save_view(label="no.list", name="A", query="q=1", by=admin)
    assert not SavedView.objects.exists()


def test_sharing_is_a_manager_s_and_only_with_roles_that_see_the_list(support, manager):
    view = save(support)
    with pytest.raises(NotAllowed):
        saved_views.share_view(view_id=view.pk, role_id=role("support"), by=support)
    with pytest.raises(NotAllowed):
        save(support, name="B", role_id=role("support"))
    with pytest.raises(BadValue, match="does not see"):
        save(manager, role_id=role("admin"))

    shared = save(manager, role_id=role("support"))

    assert set(saved_views.views_for(support, ORDERS)) == {view, shared}


def test_others_see_what_is_shared_with_them_and_change_nothing(support, finance, manager):
    own, shared = save(support), save(manager, name="All", role_id=role("support"))

    with pytest.raises(UnknownRow):
        saved_views.rename_view(view_id=own.pk, name="X", by=finance)
    with pytest.raises(saved_views.NotYourView):
        saved_views.update_view(view_id=shared.pk, query="q=1", by=support)
    with pytest.raises(saved_views.NotYourView):
        saved_views.delete_view(view_id=shared.pk, by=support)
    assert not saved_views.views_for(finance, ORDERS).exists()


def test_a_default_is_each_person_s_and_goes_with_the_view(support, manager):
    shared = save(manager, role_id=role("support"))
    save(support, name="First", is_default=True)

    saved_views.make_default(view_id=shared.pk, by=support)
    saved_views.make_default(view_id=shared.pk, by=manager)
    assert DefaultView.objects.get(owner=support).view == shared
    saved_views.share_view(view_id=shared.pk, role_id=None, by=manager)

    assert not DefaultView.objects.filter(owner=support).exists()
    saved_views.delete_view(view_id=shared.pk, by=manager)
    assert not DefaultView.objects.exists()
    assert list(SavedView.history.filter(id=shared.pk).values_list("history_type", flat=True)) == [
        "-",
        "~",
        "+",
    ]


def test_a_manager_puts_away_somebody_else_s_shared_view(make_user, manager):
    other = make_user("manager", email="second@example.com")
    view = save(other, role_id=role("support"))

    saved_views.delete_view(view_id=view.pk, by=manager)

    assert not SavedView.objects.exists()
