"""`<pk>/acts/<name>/`: the dialog, the doing, and every way it refuses."""

from __future__ import annotations

from catalog import services
from catalog.models import Tag
from tests.backoffice.adminkit import desk

HTMX = {"HX-Request": "true"}


def url(product, name="lift"):
    return f"/desk/catalog/product/{product.pk}/acts/{name}/"


def answers(**more):
    return {
        "idempotency_key": "key-1",
        "how": "hand",
        "reason": "It stood in the way",
        **more,
    }


def test_get_shows_the_questions_and_does_nothing(clerk, product):
    page = clerk.get(url(product))

    assert page.status_code == 200
    assert desk.calls == []
    text = page.content.decode()
    assert "Lift: Mug" in text
    assert 'type="radio" name="how" value="crane"' in text
    assert "Keep it down" in text
    assert "bo-btn-danger" in text


def test_get_with_htmx_answers_the_dialog_alone(clerk, product):
    page = clerk.get(url(product), headers=HTMX)

    assert page.status_code == 200
    assert "<html" not in page.content.decode()
    assert 'id="dialog"' in page.content.decode()


def test_post_calls_the_verb_once_with_person_reason_and_answers(clerk, product, merchandiser):
    answer = clerk.post(url(product), answers(row_version=product.version))

    assert answer.status_code == 302
    assert desk.calls == [
        {
            "product_id": product.pk,
            "by": merchandiser,
            "how": "hand",
            "reason": "It stood in the way",
            "version": product.version,
        }
    ]


def test_post_from_a_dialog_answers_with_hx_redirect_to_where_it_was_opened(clerk, product):
    target = "/desk/catalog/product/?queue=drafts"

    answer = clerk.post(url(product), answers(next_page=target), headers=HTMX)

    assert answer.status_code == 204
    assert answer["HX-Redirect"] == target


def test_post_does_not_send_the_browser_to_another_site(clerk, product):
    answer = clerk.post(url(product), answers(next_page="https://evil.example/x"), headers=HTMX)

    assert answer["HX-Redirect"] == f"/desk/catalog/product/{product.pk}/change/"


def test_a_missing_answer_shows_the_dialog_again_and_does_nothing(clerk, product):
    page = clerk.post(url(product), answers(reason=""), headers=HTMX)

    assert page.status_code == 422
    assert "This field is required" in page.content.decode()
    assert desk.calls == []


def test_a_refusal_shows_the_dialog_again_with_sentence_way_out_and_answers(clerk, product):
    desk.refuses.add(product.pk)

    page = clerk.post(url(product), answers(), headers=HTMX)

    assert page.status_code == 409
    text = page.content.decode()
    assert "Mug is too heavy." in text
    assert "Call a colleague." in text
    assert "It stood in the way" in text


def test_a_refused_form_can_be_sent_again(clerk, product):
    desk.refuses.add(product.pk)
    page = clerk.post(url(product), answers())
    desk.refuses.clear()

    renewed = page.context["form"]["idempotency_key"].value()
    answer = clerk.post(url(product), answers(idempotency_key=renewed))

    assert renewed != "key-1"
    assert answer.status_code == 302
    assert len(desk.calls) == 2


def test_the_same_form_sent_twice_is_done_once(clerk, product):
    first = clerk.post(url(product), answers())

    second = clerk.post(url(product), answers())

    assert len(desk.calls) == 1
    assert second.status_code == 302
    assert second["Location"] == first["Location"]


def test_one_key_with_other_answers_is_refused(clerk, product):
    clerk.post(url(product), answers())

    page = clerk.post(url(product), answers(how="crane"))

    assert page.status_code == 422
    assert "sent before with other answers" in page.content.decode()
    assert len(desk.calls) == 1


def test_without_the_permission_not_even_the_dialog_is_shown(onlooker, product):
    assert onlooker.get(url(product)).status_code == 403
    assert onlooker.post(url(product), answers()).status_code == 403
    assert desk.calls == []


def test_a_row_that_is_not_there_is_404(clerk, product):
    page = clerk.get("/desk/catalog/product/999999/acts/lift/")

    assert page.status_code == 404


def test_an_act_that_is_not_there_is_404(clerk, product):
    assert clerk.get(url(product, "explode")).status_code == 404


def test_other_methods_are_refused(clerk, product):
    assert clerk.put(url(product)).status_code == 405
    assert clerk.delete(url(product)).status_code == 405


def test_a_flows_step_is_an_act_that_says_the_new_state(clerk, product):
    answer = clerk.post(url(product, "publish"), {"idempotency_key": "k"}, follow=True)

    product.refresh_from_db()
    assert product.status == "published"
    assert "Mug – Publish: now Published." in answer.content.decode()


def test_a_closed_step_answers_its_sentence_on_get_and_on_post(clerk, product):
    page = clerk.get(url(product, "unpublish"))
    answer = clerk.post(url(product, "unpublish"), {"idempotency_key": "k"})

    assert page.status_code == 200
    assert "only possible from published" in page.content.decode()
    assert 'type="submit" class="bo-btn' not in page.content.decode()
    assert answer.status_code == 409
    assert "only possible from published" in answer.content.decode()


def test_a_dialog_opened_before_somebody_elses_change_is_refused_then_may_be_confirmed(
    clerk, product, manager
):
    services.edit_product(
        product_id=product.pk, changes={"name": "Cup"}, by=manager, reason="Renamed"
    )

    stale = clerk.post(url(product, "publish"), {"idempotency_key": "k", "row_version": "1"})
    again = clerk.post(
        url(product, "publish"),
        {
            "idempotency_key": stale.context["form"]["idempotency_key"].value(),
            "row_version": stale.context["form"]["row_version"].value(),
        },
    )

    assert stale.status_code == 409
    assert "changed by somebody else" in stale.content.decode()
    assert again.status_code == 302


def test_an_act_that_removes_its_row_ends_at_the_list(clerk, db):
    tag = Tag(name="Spring")
    tag.save()
    page = f"/desk/catalog/tag/{tag.pk}/change/"

    answer = clerk.post(
        f"/desk/catalog/tag/{tag.pk}/acts/delete/", {"idempotency_key": "k", "next_page": page}
    )

    assert answer["Location"] == "/desk/catalog/tag/"
    assert not Tag.objects.exists()
