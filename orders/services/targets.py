"""How long orders may wait: the targets that the shop sets itself, one a queue."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, steps
from backoffice.models import User
from backoffice.refused import BadValue
from orders.models import QueueTarget

PERMISSION = "orders.change_queuetarget"
LONGEST_HOURS = 24 * 365
BOUNDS = _("from 1 up to {most}.")


def set_queue_target(
    *,
    target_id: int,
    warn_hours: int,
    breach_hours: int,
    by: User,
    reason: str,
    version: int | None = None,
) -> QueueTarget:
    """Say after how many hours an order in a queue turns amber, and after how many red.

    Refuses: UnknownRow; NotAllowed; StaleVersion; BadValue when they are not in that order, or
    beyond a year.
    Atomic: locks the target; one history row when it changed.
    """
    if not 1 <= warn_hours <= LONGEST_HOURS:
        raise BadValue(field=_("Hours to amber"), problem=BOUNDS.format(most=LONGEST_HOURS))
    if not warn_hours <= breach_hours <= LONGEST_HOURS:
        raise BadValue(
            field=_("Hours to red"),
            problem=_("from the hours to amber ({least}) up to {most}.").format(
                least=warn_hours, most=LONGEST_HOURS
            ),
        )
    with steps.editing(
        QueueTarget, target_id, by=by, permission=PERMISSION, reason=reason, version=version
    ) as target:
        target.warn_hours, target.breach_hours = warn_hours, breach_hours
    return target


def make_missing_targets() -> list[QueueTarget]:
    """Give each queue without a target the one that a fresh installation begins with.

    Atomic: one history row each, in the name of the system.
    """
    known = set(QueueTarget.objects.values_list("queue", flat=True))
    missing = [
        QueueTarget(queue=queue, warn_hours=warn, breach_hours=breach)
        for queue, (warn, breach) in QueueTarget.DEFAULTS.items()
        if queue not in known
    ]
    if not missing:
        return []
    with changes.change(action="orders.default_targets", channel="command", separate=True):
        return history.insert_rows(missing)
