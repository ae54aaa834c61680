"""Bulk acts: a question first, then one run, then a report."""

from __future__ import annotations

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
    report = answer.context["report"]
    assert "1 done, 2 refused" in text
    assert [(group.code, group.sentence) for group in report.groups] == [
        ("too_heavy", "Is too heavy.")
    ]
    assert [line.title for line in report.groups[0].lines] == ["Mug-A", "Mug-B"]
    assert f"/desk/catalog/product/{products[0].pk}/change/" in text
    assert "Try the refused again" in text
    assert f'name="_selected_action" value="{products[1].pk}"' in text
    assert f'name="_selected_action" value="{products[2].pk}"' not in text


def test_a_report_can_be_read_again_and_only_by_its_owner(clerk, onlooker, products):
    desk.refuses.add(products[0].pk)
    report = clerk.post(LIFT, confirm(products))["Location"]

    assert clerk.get(report).status_code == 200
    assert clerk.get(report).status_code == 200
    assert onlooker.get(report).status_code == 404
    assert clerk.post(report).status_code == 405


def test_the_same_confirmation_sent_twice_runs_once(clerk, products):
    desk.refuses.add(products[0].pk)
    first = clerk.post(LIFT, confirm(products))

    second = clerk.post(LIFT, confirm(products))

    assert len(desk.calls) == 1
    assert second["Location"] == first["Location"]


def test_more_rows_than_the_limit_are_refused_with_a_sentence(clerk, products, settings):
    settings.BULK_LIMIT_ROWS = 2

    asked = clerk.post(LIST, choose(products))
    done = clerk.post(LIFT, confirm(products))

    for page in (asked, done):
        assert page.status_code == 422
        assert "3 rows are selected; at most 2 can be done at once." in page.content.decode()
        assert "Select fewer and repeat." in page.content.decode()
    assert desk.calls == []


def test_select_all_counts_what_the_filters_show_not_the_page(clerk, products, settings):
    settings.BULK_LIMIT_ROWS = 2

    page = clerk.post(f"{LIST}?name=mug", choose(products[:1], select_across="1"))

    assert "3 rows are selected" in page.content.decode()


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
    assert [group.code for group in answer.context["report"].groups] == ["unknown_row"]
    assert clerk.get(f"{LIST}{hidden}/acts/lift/").status_code == 404


def test_djangos_own_delete_is_gone_even_where_deleting_is_allowed(root, products, monkeypatch):
    monkeypatch.setattr(desk.DeskProductAdmin, "has_delete_permission", lambda *args, **more: True)

    page = root.post(LIST, choose(products, action="delete_selected"))

    assert page.status_code == 302
    assert Product.objects.count() == 3
    assert "delete_selected" not in root.get(LIST).content.decode()
