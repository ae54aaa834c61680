"""The catalogue's pages in a browser: a signed-in merchandiser, and forms as pages send them."""

from __future__ import annotations

import html
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from backoffice import changes
from backoffice.models import User
from catalog import services
from catalog.models import Product
from tests.catalog.factories import CategoryFactory


@pytest.fixture
def clerk(sign_in: Callable[[User], Client], merchandiser: User) -> Client:
    """A merchandiser's browser."""
    return sign_in(merchandiser)


@pytest.fixture
def make_mug(merchandiser: User) -> Callable[..., Product]:
    """Return a maker of products that the services made, as the console's own are."""

    def make(sku: str = "MUG", **fields: Any) -> Product:
        given = {"name": f"Harbour {sku}", "price": Decimal("20.00"), "status": "published"}
        draft = services.ProductDraft(sku=sku, **{**given, **fields})
        with changes.change(action="setup", separate=True):
            return services.create_product(draft=draft, by=merchandiser, reason="setup")

    return make


@pytest.fixture
def mug(make_mug: Callable[..., Product]) -> Product:
    return make_mug(category=CategoryFactory(name="Mugs"), stock=12, tags=["stoneware"])


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:catalog_{name}", args=args)


def said(response: HttpResponse) -> str:
    """Return a page's text, with its quotes and dashes as they are read."""
    return html.unescape(response.content.decode())


def filled(client: Client, url: str) -> dict[str, Any]:
    """Return what the form of a page would send if nothing were typed."""
    response = client.get(url)
    assert response.status_code == 200, response.status_code
    context = response.context_data
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    sent: dict[str, Any] = {}
    for form in forms:
        for field in form:
            value = field.value()
            if value is None or value is False or hasattr(value, "url"):
                continue
            value = field.field.prepare_value(value)
            sent[field.html_name] = "on" if value is True else value
    return sent


def saved(response: HttpResponse) -> None:
    """Assert that a form was taken; say what it was refused for otherwise."""
    if response.status_code != 302:
        context = response.context_data
        raise AssertionError(
            (
                response.status_code,
                context["adminform"].form.errors,
                [inline.formset.errors for inline in context["inline_admin_formsets"]],
            )
        )


def act(client: Client, url: str, **answers: Any) -> HttpResponse:
    """Press a dialog's button."""
    return client.post(url, {"idempotency_key": uuid.uuid4().hex, **answers})


def act_on(client: Client, model: str, pk: int, name: str, **answers: Any) -> HttpResponse:
    return act(client, page(f"{model}_act", pk, name), **answers)


def act_on_all(client: Client, model: str, ids: list[int], name: str, **answers: Any) -> Any:
    return act(client, page(f"{model}_bulk_act", name), ids=ids, **answers)
