"""The steps of a product: publish, unpublish, archive, restore; one or many."""

from __future__ import annotations

from collections.abc import Sequence

from backoffice.models import User
from backoffice.steps import Outcome, taking, taking_many
from catalog.models import Product
from catalog.states import PRODUCT_FLOW


@PRODUCT_FLOW.verb("publish")
def publish_product(
    *, product_id: int, by: User, reason: str, version: int | None = None
) -> Product:
    """Show a draft to customers.

    Refuses: UnknownRow; NotAllowed; StaleVersion; StepNotOpen.
    Atomic: locks the product; one save and one history row naming the step.
    """
    with taking(
        PRODUCT_FLOW["publish"], product_id, by=by, reason=reason, version=version
    ) as product:
        pass
    return product


@PRODUCT_FLOW.verb("publish", many=True)
def publish_products(*, product_ids: Sequence[int], by: User, reason: str) -> Outcome[Product]:
    """Show drafts to customers.

    Refuses per product: UnknownRow; NotAllowed; StepNotOpen.
    Atomic: one lock in key order; one save and one history row for each product.
    """
    with taking_many(PRODUCT_FLOW["publish"], product_ids, by=by, reason=reason) as taken:
        pass
    return taken.outcome


@PRODUCT_FLOW.verb("unpublish")
def unpublish_product(
    *, product_id: int, by: User, reason: str, version: int | None = None
) -> Product:
    """Take a product off the shop; it becomes a draft again.

    Refuses: UnknownRow; NotAllowed; StaleVersion; StepNotOpen.
    Atomic: locks the product; one save and one history row naming the step.
    """
    with taking(
        PRODUCT_FLOW["unpublish"], product_id, by=by, reason=reason, version=version
    ) as product:
        pass
    return product


@PRODUCT_FLOW.verb("unpublish", many=True)
def unpublish_products(*, product_ids: Sequence[int], by: User, reason: str) -> Outcome[Product]:
    """Take products off the shop; they become drafts again.

    Refuses per product: UnknownRow; NotAllowed; StepNotOpen.
    Atomic: one lock in key order; one save and one history row for each product.
    """
    with taking_many(PRODUCT_FLOW["unpublish"], product_ids, by=by, reason=reason) as taken:
        pass
    return taken.outcome


@PRODUCT_FLOW.verb("archive")
def archive_product(
    *, product_id: int, by: User, reason: str, version: int | None = None
) -> Product:
    """Take a product out of the range for good; its orders keep it.

    Refuses: UnknownRow; NotAllowed; StaleVersion; StepNotOpen.
    Atomic: locks the product; one save and one history row naming the step.
    """
    with taking(
        PRODUCT_FLOW["archive"], product_id, by=by, reason=reason, version=version
    ) as product:
        pass
    return product


@PRODUCT_FLOW.verb("archive", many=True)
def archive_products(*, product_ids: Sequence[int], by: User, reason: str) -> Outcome[Product]:
    """Take products out of the range for good; their orders keep them.

    Refuses per product: UnknownRow; NotAllowed; StepNotOpen.
    Atomic: one lock in key order; one save and one history row for each product.
    """
    with taking_many(PRODUCT_FLOW["archive"], product_ids, by=by, reason=reason) as taken:
        pass
    return taken.outcome


@PRODUCT_FLOW.verb("restore")
def restore_product(
    *, product_id: int, by: User, reason: str, version: int | None = None
) -> Product:
    """Bring an archived product back as a draft.

    Refuses: UnknownRow; NotAllowed; StaleVersion; StepNotOpen.
    Atomic: locks the product; one save and one history row naming the step.
    """
    with taking(
        PRODUCT_FLOW["restore"], product_id, by=by, reason=reason, version=version
    ) as product:
        pass
    return product


@PRODUCT_FLOW.verb("restore", many=True)
def restore_products(*, product_ids: Sequence[int], by: User, reason: str) -> Outcome[Product]:
    """Bring archived products back as drafts.

    Refuses per product: UnknownRow; NotAllowed; StepNotOpen.
    Atomic: one lock in key order; one save and one history row for each product.
    """
    with taking_many(PRODUCT_FLOW["restore"], product_ids, by=by, reason=reason) as taken:
        pass
    return taken.outcome
