"""Every role at every door of the catalogue's pages; what is expected is the table of roles itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission

from catalog.models import Category, PriceChange, Product, Review, StockLevel, StockMovement, Tag
from config.roles import ROLES
from tests.catalog.admin.conftest import act, page
from tests.catalog.factories import CategoryFactory, PriceChangeFactory, ReviewFactory

pytestmark = pytest.mark.django_db

MODELS = (
    "category",
    "pricechange",
    "product",
    "review",
    "stocklevel",
    "stocklocation",
    "stockmovement",
    "tag",
)
WITH_FORM = ("category", "product", "stocklocation", "tag")
WITH_HISTORY = ("category", "pricechange", "product", "review", "stocklocation", "tag")
ANSWERS = {
    "change_price": {"way": "amount", "value": "1"},
    "schedule_price": {"way": "percent", "value": "-10", "period": "week"},
    "adjust_stock": {"way": "counted", "units": "5"},
    "receive_stock": {"units": "5"},
}


@pytest.fixture
def rows(mug) -> dict[str, Any]:
    """One row of each kind."""
    PriceChangeFactory(product=mug)
    ReviewFactory(product=mug)
    CategoryFactory(name="Empty")
    return {
        model: apps.get_model("catalog", model).objects.order_by("pk").first() for model in MODELS
    }


def may(role: str, codename: str) -> bool:
    return f"catalog.{codename}" in ROLES[role]


def sees(role: str, model: str) -> bool:
    return may(role, f"view_{model}")


def allowed(model: str) -> Any:
    return admin.site._registry[apps.get_model("catalog", model)]


def counted() -> tuple[int, ...]:
    """What a write would move."""
    tables = (Product, Category, Tag, Review, PriceChange, StockLevel, StockMovement)
    histories = (Product, Category, Tag, Review, PriceChange)
    return (
        *(table.objects.count() for table in tables),
        *(table.history.count() for table in histories),
    )


@pytest.fixture(params=ROLES)
def role(request) -> str:
    return request.param


@pytest.fixture
def browser(role, request, sign_in):
    return sign_in(request.getfixturevalue(role))


def test_lists_and_pages_open_for_those_who_may_look(role, browser, rows):
    got, wanted = {}, {}
    for model, row in rows.items():
        look = 200 if sees(role, model) else 403
        paths = {page(f"{model}_changelist"): look, page(f"{model}_change", row.pk): look}
        if model in WITH_HISTORY:
            paths[page(f"{model}_history", row.pk)] = look
        if model == "product":
            paths[page("product_prices", row.pk)] = look
        add = model in WITH_FORM and may(role, f"add_{model}")
        paths[page(f"{model}_add")] = 200 if add else 403
        wanted |= paths
        got |= {path: browser.get(path).status_code for path in paths}

    assert got == wanted


def test_forms_save_for_those_who_may_change(role, browser, rows):
    before = counted()
    for model, row in rows.items():
        path = page(f"{model}_change", row.pk)
        is_refused = browser.post(path, {}).status_code == 403
        changes = model in WITH_FORM and may(role, f"change_{model}")
        assert is_refused is not changes, path

    assert counted() == before


def test_new_rows_are_made_by_those_who_may_add(role, browser, rows):
    before = counted()
    for model in rows:
        path = page(f"{model}_add")
        is_refused = browser.post(path, {}).status_code == 403
        adds = model in WITH_FORM and may(role, f"add_{model}")
        assert is_refused is not adds, path

    assert counted() == before


def test_history_is_read_only_for_everybody(role, browser, rows):
    before = counted()
    for model in WITH_HISTORY:
        row = rows[model]
        path = page(f"{model}_history", row.pk)
        version = row.history.order_by("history_id").values_list("history_id", flat=True).first()
        for url in (path, page(f"{model}_history_version", row.pk, version)):
            assert browser.post(url, {"name": "forged"}).status_code == 405, url
    assert browser.post(page("product_prices", rows["product"].pk)).status_code == 405

    assert counted() == before


def test_nobody_deletes_past_the_services(role, browser, rows):
    before = counted()
    for model, row in rows.items():
        for method in (browser.get, browser.post):
            answer = method(page(f"{model}_delete", row.pk), {"post": "yes"}).status_code
            assert answer in {403, 404}, (model, answer)

    assert counted() == before


def test_every_acts_dialog_opens_for_those_who_may_and_asks_only(role, browser, rows):
    before = counted()
    for model, row in rows.items():
        for name, one in allowed(model).get_acts().items():
            wanted = sees(role, model) and one.permission in ROLES[role]
            answer = browser.get(page(f"{model}_act", row.pk, name)).status_code
            assert (answer == 200) is wanted, (model, name, answer)
            assert wanted or answer == 403

    assert counted() == before


def test_every_act_is_done_for_those_who_may_and_refused_to_the_rest(role, browser, rows):
    location = {"location": str(rows["stocklocation"].pk)}
    for model, row in rows.items():
        for name, one in allowed(model).get_acts().items():
            wanted = sees(role, model) and one.permission in ROLES[role]
            before = counted()
            answers = {"reason": "Matrix", **location, **ANSWERS.get(name, {})}

            answer = act(browser, page(f"{model}_act", row.pk, name), **answers).status_code

            if wanted:
                # Done, or refused by the verb itself because of the row's state.
                assert answer in {302, 404, 409, 422}, (model, name, answer)
            else:
                assert answer == 403, (model, name, answer)
                assert counted() == before, (model, name)
            if one.for_many is not None:
                url = page(f"{model}_bulk_act", name)
                many = act(browser, url, ids=[row.pk], **answers).status_code
                assert (many == 403) is not wanted, (model, name, many)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_the_act_behind_each_answer_works(name, clerk, rows):
    """The matrix lets a verb refuse; here the very same answers are taken."""
    if name == "schedule_price":
        PriceChange.objects.get().delete()
    answers = {"reason": "Matrix", "location": str(rows["stocklocation"].pk), **ANSWERS[name]}

    assert act(clerk, page("product_act", rows["product"].pk, name), **answers).status_code == 302


def test_a_bulk_act_is_never_done_by_get(role, browser, rows):
    for model in rows:
        for name in allowed(model).get_acts():
            answer = browser.get(page(f"{model}_bulk_act", name)).status_code
            assert answer == 405, (model, name, answer)


def test_every_act_belongs_to_somebody():
    given = {name for names in ROLES.values() for name in names}

    assert {
        one.permission for model in MODELS for one in allowed(model).get_acts().values()
    } <= given


def test_the_price_fields_need_the_permission_for_prices(sign_in, make_user, mug):
    writer = make_user()
    for codename in ("view_product", "change_product"):
        writer.user_permissions.add(
            Permission.objects.get(codename=codename, content_type__app_label="catalog")
        )

    response = sign_in(writer).get(page("product_change", mug.pk))

    form = response.context_data["adminform"].form
    assert "name" in form.fields
    assert not {"price", "compare_at_price", "is_featured"} & form.fields.keys()
