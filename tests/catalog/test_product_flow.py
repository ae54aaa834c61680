"""Every status of a product against every step: nothing is listed by hand but the table itself."""

import pytest

from backoffice.refused import NotAllowed, ReasonMissing, StaleVersion, StepNotOpen, UnknownRow
from catalog.models import Product, Review
from catalog.services import submit_review
from catalog.states import PRODUCT_FLOW, REVIEW_FLOW
from tests.catalog.factories import PersonFactory, ProductFactory, ReviewFactory
from tests.conftest import ROLES

pytestmark = pytest.mark.django_db

FLOWS = {PRODUCT_FLOW: ProductFactory, REVIEW_FLOW: ReviewFactory}
MATRIX = [
    pytest.param(flow, state, step, id=f"{flow.model_name}-{state}-{step.name}")
    for flow in FLOWS
    for state in flow.states
    for step in flow.steps.values()
    if not step.is_entry
]
STEPS = [
    pytest.param(flow, step, id=f"{flow.model_name}-{step.name}")
    for flow in FLOWS
    for step in flow.steps.values()
    if not step.is_entry
]


def take(step, row, by, **options):
    verb = step.flow.verbs[step.name]
    options = {"reason": "because", **options}
    return verb(**{f"{step.flow.model_name}_id": row.pk}, by=by, **options)


def take_many(step, pks, by, reason="because"):
    verb = step.flow.bulk_verbs[step.name]
    return verb(**{f"{step.flow.model_name}_ids": pks}, by=by, reason=reason)


@pytest.mark.row("A3")
@pytest.mark.parametrize(("flow", "state", "step"), MATRIX)
def test_a_step_is_open_exactly_where_the_table_says(manager, click, flow, state, step):
    row = FLOWS[flow](status=state)
    history = type(row).history

    if state not in step.sources:
        with pytest.raises(StepNotOpen) as refusal:
            take(step, row, manager)
        assert refusal.value.http_status == 409
        assert f"“{step.label}” is only possible from" in refusal.value.message
        row.refresh_from_db()
        assert (row.status, row.version, history.count()) == (state, 1, 1)
        return

    with click():
        take(step, row, manager)

    row.refresh_from_db()
    assert (row.status, row.version) == (step.target or state, 2)
    _born, taken = history.order_by("history_id")
    assert (taken.step, taken.status) == (step.name, row.status)
    assert (taken.change_set.actor, taken.change_set.note) == (manager, "because")
    assert (taken.change_set.action, taken.change_set.channel) == (step.action, "admin")


@pytest.mark.parametrize(("flow", "step"), STEPS)
def test_the_plural_does_the_open_ones_and_refuses_the_others_each_with_its_reason(
    manager, flow, step
):
    rows = [FLOWS[flow](status=state) for state in flow.states]

    outcome = take_many(step, [*(row.pk for row in rows), 404], manager)

    assert {row.pk for row in outcome.done} == {r.pk for r in rows if r.status in step.sources}
    assert {r if isinstance(r, int) else r.status: type(e) for r, e in outcome.refused} == {
        **{row.status: StepNotOpen for row in rows if row.status not in step.sources},
        404: UnknownRow,
    }


@pytest.mark.parametrize(("flow", "step"), STEPS)
def test_only_the_roles_of_the_table_may_take_a_step(make_user, flow, step):
    for role in ROLES:
        row = FLOWS[flow](status=step.sources[0])
        by = make_user(role)
        if by.has_perm(step.permission_name):
            take(step, row, by)
        else:
            with pytest.raises(NotAllowed) as refusal:
                take(step, row, by)
            assert refusal.value.http_status == 403
            assert [type(e) for _r, e in take_many(step, [row.pk], by).refused] == [NotAllowed]
    allowed = {
        r
        for r in ROLES
        if make_user(email=f"x-{r}@example.com", role=r).has_perm(step.permission_name)
    }
    assert allowed == {"merchandiser", "manager"}


@pytest.mark.parametrize(("flow", "step"), STEPS)
def test_a_step_refuses_a_stale_version(manager, flow, step):
    row = FLOWS[flow](status=step.sources[0])

    with pytest.raises(StaleVersion):
        take(step, row, manager, version=7)
    take(step, row, manager, version=1)


def test_reject_review_refuses_without_a_reason(manager):
    review = ReviewFactory()

    with pytest.raises(ReasonMissing, match="“Reject” needs a reason"):
        take(REVIEW_FLOW["reject"], review, manager, reason="")


def test_a_person_who_was_deactivated_may_nothing(manager):
    manager.is_active = False
    manager.save()

    with pytest.raises(NotAllowed):
        take(PRODUCT_FLOW["publish"], ProductFactory(status="draft"), manager)


def test_submit_review_waits_for_moderation_with_one_history_row():
    reader, mug = PersonFactory(), ProductFactory()

    review = submit_review(
        product_id=mug.pk,
        author=reader,
        rating=5,
        title=" Warm ",
        body="Yes.",
        by=reader,
        reason="",
    )

    assert (review.status, review.title, review.rating) == ("pending", "Warm", 5)
    row = Review.history.get()
    assert (row.history_type, row.step, row.status) == ("+", "submit", "pending")


def test_submit_review_needs_a_permission_for_somebody_elses(support):
    with pytest.raises(NotAllowed, match="enter reviews"):
        submit_review(
            product_id=ProductFactory().pk, author=PersonFactory(), rating=5, by=support, reason=""
        )


def test_submit_review_takes_one_of_each_person(make_user):
    from catalog.services import ReviewedAlready

    reader, mug = PersonFactory(), ProductFactory(name="Oak Mug")
    submit_review(product_id=mug.pk, author=reader, rating=5, by=reader, reason="")

    with pytest.raises(ReviewedAlready, match="There is a review of “Oak Mug”"):
        submit_review(product_id=mug.pk, author=reader, rating=1, by=reader, reason="")


@pytest.mark.parametrize(
    "fields",
    [
        {"rating": 0},
        {"rating": 6},
        {"rating": 4.5},
        {"rating": True},
        {"rating": 3, "title": "x" * 121},
        {"rating": 3, "body": "a\x00"},
    ],
)
def test_submit_review_refuses_what_is_no_review(fields):
    from backoffice.refused import BadValue

    reader = PersonFactory()

    with pytest.raises(BadValue):
        submit_review(product_id=ProductFactory().pk, author=reader, by=reader, reason="", **fields)
    assert Product.objects.count() == 1
    assert Review.objects.count() == 0
