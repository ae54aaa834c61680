"""Who takes care of an order, and what colleagues tell each other."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.flows import Ask
from backoffice.models import User
from orders import services
from orders.models import OrderTag
from orders.states.orders import REMARK


def colleagues() -> list[tuple[str, str]]:
    """Return whom an order can be given to."""
    staff = User.objects.filter(is_staff=True, is_active=True).order_by("first_name", "email")
    return [(str(user.pk), str(user)) for user in staff]


def used_tags() -> list[tuple[str, str]]:
    """Return the tags that can be taken off, by name."""
    names = OrderTag.objects.order_by("name").values_list("name", flat=True).distinct()
    return [(name, name) for name in names]


TAGS = Ask("names", _("Tags"), "line", required=True, help=_("Several are separated by commas."))

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
        many=services.assign_orders,
        done=_("{row} is assigned."),
    ),
    Act(
        "tag",
        _("Tag"),
        services.TAG_PERMISSION,
        asks=(TAGS,),
        one=services.tag_order,
        many=services.tag_orders,
        icon="label",
        effect=_("puts words on orders to find them by"),
        done=_("{row} is tagged."),
        is_atomic=True,
    ),
    Act(
        "untag",
        _("Untag"),
        services.TAG_PERMISSION,
        asks=(Ask("names", _("Tag"), "choice", required=True, choices=used_tags),),
        one=services.untag_order,
        many=services.untag_orders,
        icon="label_off",
        done=_("{row}: the tag is off."),
        is_atomic=True,
    ),
    Act(
        "follow_up",
        _("Follow up"),
        services.FOLLOW_UP_PERMISSION,
        asks=(
            Ask("on", _("On"), "date", help=_("Blank: not any more.")),
            REMARK,
        ),
        one=services.set_follow_up,
        icon="event_upcoming",
        effect=_("puts the order into “Follow up” on that day"),
        done=_("{row}: the day is noted."),
    ),
)
