"""The pages of an import: bad input, roles, and the list of runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.models import ImportRun
from catalog.models import Product
from tests.backoffice.imports.pages import UPLOAD, VERBS, confirm, page_of
from tests.conftest import ROLES
from tests.sheets import csv_of, preview

HEADER = ["sku", "name", "price"]
MAY_IMPORT = {"merchandiser", "manager"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "a picture (PNG), not a sheet"),
        (b"%PDF-1.7", "a PDF document"),
        (b'{"a": [1]}', "nested data, not a table"),
        (b"", "The file is empty."),
        (b"sku,name\n", "no row below it"),
    ],
)
def test_a_file_that_cannot_be_read_is_answered_with_the_page_and_a_sentence(
    upload, content, words
):
    page = upload(content)

    assert page.status_code == 422
    assert words in page.text
    assert "Check the file" in page.text
    assert not ImportRun.objects.exists()


def test_a_file_over_the_limit_is_answered_with_413(upload, settings):
    settings.IMPORT_MAX_BYTES = 100

    page = upload(csv_of(HEADER, ["A", "x" * 200, "1.00"]))

    assert page.status_code == 413
    assert "at most 100" in page.text


def test_no_file_is_answered_with_a_sentence(sign_in, merchandiser):
    page = sign_in(merchandiser).post(reverse(UPLOAD), {"policy": "all_or_nothing"})

    assert page.status_code == 422
    assert "Choose a file first." in page.text


def test_an_unknown_recipe_or_policy_is_refused(upload):
    assert upload(csv_of(HEADER, ["A", "A", "1"]), recipe="shopware").status_code == 422
    assert upload(csv_of(HEADER, ["A", "A", "1"]), policy="half").status_code == 422


def test_hostile_words_of_a_file_are_shown_as_text(upload):
    page = upload(
        csv_of(HEADER, ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "x"]),
        name="<svg onload=alert(1)>.csv",
    )

    assert page.status_code == 200
    for hostile in ("<script>alert", "<img src=x", "<svg onload"):
        assert hostile not in page.text


# What a verb needs before it looks at the run at all.
ANSWERS: dict[str, dict[str, object]] = {
    **{name: {} for name in VERBS},
    "fix": {"cell-1-price": "2.00"},
    "leave_out": {"shown": ["1"]},
    "corrections": {"file": SimpleUploadedFile("x.csv", b"sku,line\nA,2\n")},
}


def test_the_preview_of_another_person_is_not_found(sign_in, make_user, merchandiser):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)
    client = sign_in(make_user("merchandiser", email="other@example.com"))

    assert client.get(page_of("run", run)).status_code == 404
    assert client.get(page_of("mapping", run)).status_code == 404
    assert client.get(page_of("progress", run)).status_code == 404
    assert client.get(page_of("refused", run, "csv")).status_code == 404
    for name in VERBS:
        assert client.post(page_of(name, run), ANSWERS[name]).status_code == 404, name
    run.refresh_from_db()
    assert run.state == "validated"
    assert not Product.objects.exists()


def test_an_expired_preview_says_so(sign_in, merchandiser):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)
    ImportRun.objects.filter(pk=run.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    client = sign_in(merchandiser)

    answer = confirm(client, run)
    page = client.get(page_of("run", run))

    assert answer.status_code == 409
    assert "has expired" in answer.text
    assert "Expired" in page.text
    assert "Apply 1 row" not in page.text


@pytest.mark.parametrize("seen", [{}, {"sha256": ""}, {"sha256": "0" * 64}])
def test_a_confirmation_without_the_content_it_saw_is_refused(sign_in, merchandiser, seen):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)

    answer = sign_in(merchandiser).post(
        page_of("confirm", run), {"plan_number": run.plan_number, **seen}
    )

    assert answer.status_code == 409
    assert "not the file that you saw" in answer.text
    assert not Product.objects.exists()


@pytest.mark.parametrize("name", VERBS)
def test_what_changes_something_refuses_get(sign_in, merchandiser, name):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)

    assert sign_in(merchandiser).get(page_of(name, run)).status_code == 405
    run.refresh_from_db()
    assert run.state == "validated"


def test_a_confirmation_needs_the_csrf_token(merchandiser):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)
    client = Client(enforce_csrf_checks=True)
    client.force_login(merchandiser)

    answer = client.post(page_of("confirm", run), {"sha256": run.sha256})

    assert answer.status_code == 403
    assert not Product.objects.exists()


@pytest.mark.parametrize("role", ROLES)
def test_every_import_page_is_open_to_those_who_may_import_and_to_nobody_else(
    sign_in, make_user, role
):
    user = make_user(role)
    client = sign_in(user)
    owner = user if role in MAY_IMPORT else make_user("merchandiser", email="owner@example.com")
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=owner)
    pages = [
        ("get", reverse(UPLOAD)),
        ("get", reverse("admin:catalog_product_import_template")),
        ("get", page_of("run", run)),
        ("get", page_of("mapping", run)),
        ("get", page_of("progress", run)),
        ("get", page_of("refused", run, "csv")),
        ("post", reverse(UPLOAD)),
        ("post", page_of("mapping", run)),
        *(("post", page_of(name, run)) for name in VERBS),
    ]

    statuses = {}
    for method, address in pages:
        answer = getattr(client, method)(address)
        statuses[method, address] = answer.status_code
        if answer.streaming:
            list(answer.streaming_content)

    if role in MAY_IMPORT:
        assert 403 not in statuses.values()
    else:
        assert set(statuses.values()) == {403}
        run.refresh_from_db()
        assert run.state == "validated"


@pytest.mark.parametrize(
    ("role", "imports"),
    [("merchandiser", True), ("auditor", False), ("admin", None)],
)
def test_the_list_offers_only_what_a_role_may_do(sign_in, make_user, role, imports):
    page = sign_in(make_user(role)).get(reverse("admin:catalog_product_changelist"))

    if imports is None:
        assert page.status_code == 403
        return
    assert (reverse(UPLOAD) in page.text) is imports


def run_list(client):
    return client.get(reverse("admin:backoffice_importrun_changelist"))


def test_the_list_of_imports_says_what_came_of_each(sign_in, merchandiser, auditor):
    preview(csv_of(HEADER, ["A", "A", "1.00"], ["B", "B", "x"]), by=merchandiser, name="mine.csv")

    page = run_list(sign_in(auditor))

    assert "mine.csv" in page.text
    assert "1 new, 1 refused" in page.text
    assert "Waiting" in page.text


def test_a_run_can_be_looked_at_by_others_but_not_confirmed(sign_in, auditor, merchandiser):
    run = preview(csv_of(HEADER, ["A", "A cup", "1.00"]), by=merchandiser, name="mine.csv")
    client = sign_in(auditor)
    address = reverse("admin:backoffice_importrun_change", args=[run.pk])

    page = client.get(address)

    assert "A cup" in page.text
    assert "Apply 1 row" not in page.text
    assert page_of("refused", run, "csv") not in page.text
    assert client.post(address).status_code == 405
    assert client.get(reverse("admin:backoffice_importrun_add")).status_code == 403
    assert client.get(reverse("admin:backoffice_importrun_change", args=["x"])).status_code == 404


def test_the_list_of_imports_is_closed_to_everybody_else(sign_in, finance):
    assert run_list(sign_in(finance)).status_code == 403


def test_people_see_the_runs_of_the_sheets_that_are_theirs(
    sign_in, merchandiser, support, auditor, manager
):
    preview(csv_of(HEADER, ["A", "A cup", "1.00"]), by=merchandiser, name="products.csv")
    names = csv_of(["number", "name"], ["#1", "Ada Lindqvist"])
    preview(names, by=manager, name="orders.csv", sheet="orders")

    def seen(person):
        page = run_list(sign_in(person)).text
        return [name for name in ("products.csv", "orders.csv") if name in page]

    assert seen(merchandiser) == ["products.csv"]
    assert seen(support) == ["orders.csv"]
    # A sheet of orders names customers, whom an auditor sees masked.
    assert seen(auditor) == ["products.csv"]
    assert seen(manager) == ["products.csv", "orders.csv"]


def test_the_owner_is_led_from_the_list_to_where_the_buttons_are(sign_in, merchandiser):
    run = preview(csv_of(HEADER, ["A", "A cup", "1.00"]), by=merchandiser)

    page = sign_in(merchandiser).get(
        reverse("admin:backoffice_importrun_change", args=[run.pk]), follow=True
    )

    assert page.redirect_chain == [(page_of("run", run), 302)]
    assert "Apply 1 row" in page.text
