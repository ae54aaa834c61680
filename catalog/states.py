"""The product's and the review's state machines."""

from django.utils.translation import gettext_lazy as _

from backoffice.flows import Ask, Flow, State, Step

REASON = Ask("reason", _("Reason"), help=_("One sentence for whoever asks next month."))

PRODUCT_FLOW = Flow(
    "catalog.Product",
    field="status",
    states=[
        State("draft", _("Draft"), "neutral"),
        State("published", _("Published"), "success"),
        State("archived", _("Archived"), "warning"),
    ],
    steps=[
        # Entry steps: an imported product is born in its state, with one history row.
        Step("create", "", "draft", _("Create"), _("writes a draft"), permission="add_product"),
        Step(
            "create_published",
            "",
            "published",
            _("Create published"),
            _("an imported product is born published"),
            permission="add_product",
        ),
        Step(
            "create_archived",
            "",
            "archived",
            _("Create archived"),
            _("an imported product is born archived"),
            permission="add_product",
        ),
        Step(
            "publish",
            "draft",
            "published",
            _("Publish"),
            _("customers see it"),
            asks=(REASON,),
            tone="success",
        ),
        Step(
            "unpublish",
            "published",
            "draft",
            _("Unpublish"),
            _("customers no longer see it"),
            asks=(REASON,),
            tone="warning",
        ),
        Step(
            "archive",
            "draft published",
            "archived",
            _("Archive"),
            _("takes it out of the range; its orders keep it"),
            asks=(REASON,),
            tone="danger",
        ),
        Step(
            "restore",
            "archived",
            "draft",
            _("Restore"),
            _("brings it back as a draft"),
            asks=(REASON,),
            tone="info",
        ),
    ],
)

REVIEW_FLOW = Flow(
    "catalog.Review",
    field="status",
    states=[
        State("pending", _("Waiting"), "info"),
        State("approved", _("Approved"), "success"),
        State("rejected", _("Rejected"), "danger"),
    ],
    steps=[
        Step(
            "submit", "", "pending", _("Submit"), _("waits for moderation"), permission="add_review"
        ),
        Step(
            "approve",
            "pending rejected",
            "approved",
            _("Approve"),
            _("customers see it"),
            asks=(REASON,),
            tone="success",
        ),
        Step(
            "reject",
            "pending approved",
            "rejected",
            _("Reject"),
            _("customers do not see it"),
            asks=(Ask("reason", _("Reason"), required=True),),
            tone="danger",
        ),
    ],
)
