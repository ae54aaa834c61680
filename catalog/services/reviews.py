"""Reviews and their moderation."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backoffice import history, steps
from backoffice.models import User
from backoffice.refused import BadValue, Refused
from backoffice.steps import Outcome, taking, taking_many
from catalog.models import Product, Review
from catalog.refusals import UnknownProduct
from catalog.services.limits import limit_of
from catalog.states import REVIEW_FLOW

BEST = 5


class ReviewedAlready(Refused):
    sentence = _("There is a review of “{product}” by the same person already.")
    http_status = 409


@REVIEW_FLOW.verb("submit")
def submit_review(
    *,
    product_id: int,
    author: User,
    rating: int,
    by: User,
    reason: str,
    title: str = "",
    body: str = "",
) -> Review:
    """Write down what a customer thinks; it waits for moderation.

    rating: 1 to 5. author: whose review it is; staff who enter somebody else's need a permission,
    nobody needs one for their own.
    Refuses: UnknownProduct; NotAllowed; BadValue; ReviewedAlready.
    Atomic: one review with one history row.
    """
    step = REVIEW_FLOW["submit"]
    if author.pk != by.pk or not by.is_active:
        steps.require_permission(by, step.permission_name, _("enter reviews"))
    product = Product.objects.get_or_none(pk=product_id)
    if product is None:
        raise UnknownProduct(key=product_id)
    if type(rating) is not int or not 1 <= rating <= BEST:
        raise BadValue(field=_("Rating"), problem=_("choose 1 to 5 stars."))
    title, body = title.strip(), body.strip()
    most = limit_of(Review, "title")
    if most and len(title) > most:
        raise BadValue(
            field=_("Title"), problem=_("at most {limit} characters.").format(limit=most)
        )
    if "\x00" in title + body:
        raise BadValue(field=_("Review"), problem=_("there is an invisible NUL character in it."))
    review = Review(product=product, author=author, rating=rating, title=title, body=body)
    steps.say(step, by=by, reason=reason)
    try:
        # The model's first state is the entry step's; `steps.enter` would ask for a permission.
        with transaction.atomic():
            return history.insert_rows([review], step=step.name)[0]
    except IntegrityError as error:
        raise ReviewedAlready(product=product) from error


@REVIEW_FLOW.verb("approve")
def approve_review(*, review_id: int, by: User, reason: str, version: int | None = None) -> Review:
    """Show a review to customers.

    Refuses: UnknownRow; NotAllowed; StaleVersion; StepNotOpen.
    Atomic: locks the review; one save and one history row naming the step.
    """
    with taking(REVIEW_FLOW["approve"], review_id, by=by, reason=reason, version=version) as review:
        pass
    return review


@REVIEW_FLOW.verb("approve", many=True)
def approve_reviews(*, review_ids: Sequence[int], by: User, reason: str) -> Outcome[Review]:
    """Show reviews to customers.

    Refuses per review: UnknownRow; NotAllowed; StepNotOpen.
    Atomic: one lock in key order; one save and one history row for each review.
    """
    with taking_many(REVIEW_FLOW["approve"], review_ids, by=by, reason=reason) as taken:
        pass
    return taken.outcome


@REVIEW_FLOW.verb("reject")
def reject_review(*, review_id: int, by: User, reason: str, version: int | None = None) -> Review:
    """Keep a review from customers.

    Refuses: ReasonMissing; UnknownRow; NotAllowed; StaleVersion; StepNotOpen.
    Atomic: locks the review; one save and one history row naming the step.
    """
    with taking(REVIEW_FLOW["reject"], review_id, by=by, reason=reason, version=version) as review:
        pass
    return review


@REVIEW_FLOW.verb("reject", many=True)
def reject_reviews(*, review_ids: Sequence[int], by: User, reason: str) -> Outcome[Review]:
    """Keep reviews from customers.

    Refuses: ReasonMissing; per review: UnknownRow; NotAllowed; StepNotOpen.
    Atomic: one lock in key order; one save and one history row for each review.
    """
    with taking_many(REVIEW_FLOW["reject"], review_ids, by=by, reason=reason) as taken:
        pass
    return taken.outcome
