"""Who takes care of an order, and what colleagues tell each other."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.flows import Ask
from backoffice.models import User
from orders import services
from orders.states.orders import REMARK


def colleagues() -> list[tuple[str, str]]:
    """Return whom an order can be given to."""
    staff = User.objects.filter(is_staff=True, is_active=True).order_by("first_name", "email")
    return [(str(user.pk), str(user)) for user in staff]


ACTS: tuple[Act, ...] = (
    Act(
        "add_note",
        _("Add note"),
        "orders.note_order",
        asks=(Ask("body", _("Note"), "text", required=True),),
        one=services.add_note,
        done=_("The note stands in the timeline."),
    ),
    Act(
        "take",
        _("Take it"),
        "orders.note_order",
        one=services.take_order,
        effect=_("makes you the assignee"),
        done=_("{row} is yours."),
    ),
    Act(
        "assign",
        _("Assign"),
        "orders.note_order",
        asks=(
            Ask(
                "assignee_id", _("Assignee"), "choice", choices=colleagues, help=_("Blank: nobody.")
            ),
            REMARK,
        ),
        one=services.assign_order,
        done=_("{row} is assigned."),
    ),
)
