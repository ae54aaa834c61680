"""Bulk acts: a question first, then one run, then a report."""

from __future__ import annotations

from backoffice.models import BulkRun
from catalog.models import Product
from tests.backoffice.adminkit import desk

LIST = "/desk/catalog/product/"
LIFT = f"{LIST}acts/lift/"


def ids(products):
    return [str(product.pk) for product in products]


def choose(products, **more):
    return {"action": "act_lift", "index": "0", "_selected_action": ids(products), **more}


def confirm(products, **more):
    return {
        "idempotency_key": "bulk-1",
        "how": "crane",
        "reason": "Inventory",
        "ids": ids(products),
        **more,
    }


def test_choosing_an_act_asks_and_does_nothing(clerk, products):
    page = clerk.post(LIST, choose(products))

    assert page.status_code == 200
    assert "Lift: 3 rows" in page.content.decode()
    assert "Lift (3)" in page.content.decode()
    assert desk.calls == []


def test_the_question_says_which_rows_cannot(clerk, products):
    clerk.post(f"{LIST}{products[0].pk}/acts/publish/", {"idempotency_key": "k"})

    page = clerk.post(LIST, choose(products, action="act_publish"))

    assert "2 can, 1 cannot" in page.content.decode()


def test_get_of_a_bulk_act_is_refused(clerk, products):
    assert clerk.get(LIFT).status_code == 405
    assert clerk.head(LIFT).status_code == 405


def test_confirming_runs_the_plural_verb_once_and_returns_to_the_list(clerk, products):
    answer = clerk.post(LIFT, confirm(products, next_page=f"{LIST}?queue=drafts"), follow=True)

    assert len(desk.calls) == 1
    assert desk.calls[0]["product_ids"] == [product.pk for product in products]
    assert answer.redirect_chain == [(f"{LIST}?queue=drafts", 302)]
    assert "Lift: 3 done." in answer.content.decode()


def test_what_is_refused_is_reported_grouped_by_sentence_with_a_way_to_try_again(clerk, products):
    desk.refuses |= {products[0].pk, products[1].pk}

    answer = clerk.post(LIFT, confirm(products), follow=True)

    text = answer.content.decode()
    run = answer.context["run"]
    ((group, _query),) = answer.context["groups"]
    assert (run.state, run.done, run.refused) == ("done", 1, 2)
    assert (group.code, group.sentence, group.count) == ("too_heavy", "Is too heavy.", 2)
    assert [row.title for row in answer.context["rows"]] == ["Mug-A", "Mug-B"]
    assert f"/desk/catalog/product/{products[0].pk}/change/" in text
    assert "Run the refused again" in text


def test_a_receipt_can_be_read_again_and_only_by_its_owner_and_auditors(
    clerk, onlooker, products, sign_in, support
):
    desk.refuses.add(products[0].pk)
    receipt = clerk.post(LIFT, confirm(products))["Location"]

    assert clerk.get(receipt).status_code == 200
    assert clerk.get(receipt).status_code == 200
    assert onlooker.get(receipt).status_code == 200
    assert sign_in(support).get(receipt).status_code == 404
    assert clerk.post(receipt).status_code == 405


def test_the_same_confirmation_sent_twice_runs_once(clerk, products):
    desk.refuses.add(products[0].pk)
    first = clerk.post(LIFT, confirm(products))

    second = clerk.post(LIFT, confirm(products))

    assert len(desk.calls) == 1
    assert second["Location"] == first["Location"]


def test_more_rows_than_a_dialog_takes_are_staged_and_planned_on_a_page(clerk, products, settings):
    settings.BULK_AT_ONCE_ROWS = 2

    asked = clerk.post(LIST, choose(products), follow=True)

    run = asked.context["run"]
    assert asked.redirect_chain == [(f"/admin/backoffice/bulkrun/{run.pk}/change/", 302)]
    assert (run.state, run.total, run.can, run.is_across) == ("planned", 3, 3, False)
    assert desk.calls == []


def test_a_dialog_that_names_too_many_rows_leads_to_their_plan(clerk, products, settings):
    settings.BULK_AT_ONCE_ROWS = 2

    answer = clerk.post(LIFT, confirm(products), follow=True)

    assert answer.context["run"].state == "planned"
    assert desk.calls == []


def test_select_all_takes_what_the_filters_show_not_the_page(clerk, products, settings):
    settings.BULK_AT_ONCE_ROWS = 1

    page = clerk.post(f"{LIST}?name=mug-a", choose(products[:1], select_across="1"))
    all_mugs = clerk.post(f"{LIST}?name=mug", choose(products[:1], select_across="1"), follow=True)

    assert "Lift: 1 row" in page.content.decode()
    run = all_mugs.context["run"]
    assert (run.total, run.is_across, run.list_path) == (3, True, f"{LIST}?name=mug")


def test_more_rows_than_can_be_worked_on_at_all_are_refused_with_a_sentence(
    clerk, products, settings
):
    settings.BULK_AT_ONCE_ROWS, settings.BULK_MAX_ROWS = 1, 2

    page = clerk.post(LIST, choose(products))

    assert page.status_code == 422
    assert "More than 2 rows match" in page.content.decode()
    assert "Narrow the list by a filter" in page.content.decode()
    assert not BulkRun.objects.exists()


def test_when_none_can_the_dialog_says_why_and_has_no_button(clerk, products):
    clerk.post(f"{LIST}{products[0].pk}/acts/publish/", {"idempotency_key": "k"})

    page = clerk.post(LIST, choose(products[:1], action="act_publish"))

    assert page.status_code == 200
    assert "None of the rows can." in page.content.decode()
    assert "Publish (0)" not in page.content.decode()


def test_without_the_permission_the_act_is_neither_offered_nor_run(onlooker, products):
    assert "act_lift" not in onlooker.get(LIST).content.decode()
    assert onlooker.post(LIFT, confirm(products)).status_code == 403
    assert desk.calls == []


def test_rows_outside_of_the_roles_queryset_are_refused_as_unknown(clerk, products, monkeypatch):
    hidden = products[0].pk
    everything = desk.DeskProductAdmin.get_queryset
    monkeypatch.setattr(
        desk.DeskProductAdmin,
        "get_queryset",
        lambda self, request: everything(self, request).exclude(pk=hidden),
    )

    answer = clerk.post(LIFT, confirm(products), follow=True)

    assert desk.calls[0]["product_ids"] == [product.pk for product in products[1:]]
    assert [group.code for group, _query in answer.context["groups"]] == ["unknown_row"]
    assert clerk.get(f"{LIST}{hidden}/acts/lift/").status_code == 404


def test_djangos_own_delete_is_gone_even_where_deleting_is_allowed(root, products, monkeypatch):
    monkeypatch.setattr(desk.DeskProductAdmin, "has_delete_permission", lambda *args, **more: True)

    page = root.post(LIST, choose(products, action="delete_selected"))

    assert page.status_code == 302
    assert Product.objects.count() == 3
    assert "delete_selected" not in root.get(LIST).content.decode()
