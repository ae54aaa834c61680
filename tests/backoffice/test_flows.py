"""The state machine: one table, one place that assigns a state."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from backoffice import changes, flows, steps
from backoffice.models import ChangeSet
from backoffice.refused import NotAllowed, ReasonMissing, StaleVersion, StepNotOpen, UnknownRow
from catalog.models import Product
from catalog.states import PRODUCT_FLOW, REVIEW_FLOW

FLOWS = flows.all_flows()


@pytest.fixture
def mug(merchandiser) -> Product:
    (mug,) = steps.enter(
        PRODUCT_FLOW["create"],
        [Product(sku="MUG", name="Mug", slug="mug", price=12)],
        by=merchandiser,
        reason="",
    )
    return mug


def test_there_is_a_flow_for_whatever_has_states():
    assert {flow.model_name for flow in FLOWS} == {
        "approval", "order", "product", "return", "review", "shipment",
    }  # fmt: skip


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.model_name)
def test_every_state_is_reachable_and_every_step_has_a_verb(flow):
    assert flow.unreachable_states() == set()
    assert {s.name for s in flow.steps.values() if not s.is_entry} <= set(flow.verbs)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.model_name)
def test_every_step_stands_in_the_diagram_and_in_the_table(flow):
    for step in flow.steps.values():
        assert f": {step.name}" in flow.mermaid()
        assert f"| {step.name} |" in flow.markdown()
        assert f"`{step.permission_name}`" in flow.markdown()


def test_a_state_is_assigned_in_one_place_only():
    assignment = re.compile(r"\.status\s*=[^=]|setattr\([^)]*\.field")
    found = {
        str(path.relative_to(settings.BASE_DIR))
        for app in ("backoffice", "catalog", "orders")
        for path in Path(settings.BASE_DIR, app).rglob("*.py")
        if "migrations" not in path.parts and assignment.search(path.read_text())
    }

    assert found == {"backoffice/steps.py"}


def test_a_step_leaves_one_history_row_that_answers_who_from_to_and_why(mug, merchandiser):
    before = Product.history.count()

    with (
        changes.change(separate=True),
        steps.taking(PRODUCT_FLOW["publish"], mug.pk, by=merchandiser, reason="Season opens"),
    ):
        pass

    row = Product.history.order_by("-history_id").first()
    assert Product.history.count() == before + 1
    assert (row.step, row.status, row.version) == ("publish", "published", mug.version + 1)
    assert row.history_user_id == merchandiser.pk


def test_the_change_set_names_the_step_and_the_reason(mug, merchandiser):
    with (
        changes.change(separate=True),
        steps.taking(PRODUCT_FLOW["publish"], mug.pk, by=merchandiser, reason="Season opens"),
    ):
        pass

    row = ChangeSet.objects.get(action="catalog.publish")
    assert (row.actor, row.why) == (merchandiser, "Season opens")


def refused(step, pk, **facts):
    with pytest.raises(Exception) as caught, steps.taking(step, pk, **facts):
        pytest.fail("the body must not run")
    return caught.value


def test_a_step_from_the_wrong_state_says_from_where_it_goes(mug, merchandiser):
    error = refused(PRODUCT_FLOW["unpublish"], mug.pk, by=merchandiser, reason="x")

    assert isinstance(error, StepNotOpen)
    assert str(error) == "Mug is draft; “Unpublish” is only possible from published."
    assert error.code == "step_not_open"


def test_a_step_without_the_permission_is_refused(mug, support):
    error = refused(PRODUCT_FLOW["publish"], mug.pk, by=support, reason="x")

    assert isinstance(error, NotAllowed)
    assert error.http_status == 403


def test_a_deactivated_person_takes_no_step(mug, merchandiser):
    merchandiser.is_active = False

    assert isinstance(
        refused(PRODUCT_FLOW["publish"], mug.pk, by=merchandiser, reason="x"), NotAllowed
    )


def test_a_stale_version_is_refused(mug, merchandiser):
    error = refused(PRODUCT_FLOW["publish"], mug.pk, by=merchandiser, reason="x", version=99)

    assert isinstance(error, StaleVersion)
    assert error.facts["theirs"] == mug.version


def test_an_unknown_row_is_refused(merchandiser, db):
    assert isinstance(
        refused(PRODUCT_FLOW["publish"], 4711, by=merchandiser, reason="x"), UnknownRow
    )


def test_a_step_that_asks_for_a_reason_is_refused_without(mug, manager):
    assert isinstance(refused(REVIEW_FLOW["reject"], 1, by=manager, reason=""), ReasonMissing)


def test_a_body_that_fails_leaves_everything_as_it_was(mug, merchandiser):
    with (
        pytest.raises(ZeroDivisionError),
        steps.taking(PRODUCT_FLOW["publish"], mug.pk, by=merchandiser, reason="x"),
    ):
        raise ZeroDivisionError

    mug.refresh_from_db()
    assert (mug.status, mug.version) == ("draft", 1)


def test_many_answers_for_each_row_and_undoes_only_the_refused(mug, merchandiser):
    (cup, jug) = steps.enter(
        PRODUCT_FLOW["create"],
        [Product(sku=s, name=s, slug=s.lower(), price=1) for s in ("CUP", "JUG")],
        by=merchandiser,
        reason="",
    )

    with steps.taking_many(
        PRODUCT_FLOW["publish"], [jug.pk, cup.pk, mug.pk, 4711], by=merchandiser, reason="x"
    ) as taken:
        for row in taken:
            with taken.attempt(row):
                row.name = f"New {row.sku}"
                if row.sku == "CUP":
                    raise NotAllowed(what="sell cups")

    outcome = taken.outcome
    assert [row.sku for row in outcome.done] == ["MUG", "JUG"]
    assert {type(error) for _row, error in outcome.refused} == {UnknownRow, NotAllowed}
    assert Product.objects.get(sku="CUP").status == "draft"
    assert Product.objects.get(sku="JUG").status == "published"
    assert Product.history.filter(step="publish").count() == 2


def test_editing_moves_the_version_once_and_leaves_an_unchanged_row_alone(mug, merchandiser):
    for name in ("Mug", "Big mug"):
        with steps.editing(
            Product, mug.pk, by=merchandiser, permission="catalog.change_product", reason=""
        ) as row:
            row.name = name

    assert Product.history.filter(id=mug.pk).count() == 2
    assert Product.objects.get(pk=mug.pk).version == 2
