"""Four eyes: rules as rows, a gate inside the verb, a second person who agrees or not.

A verb that meets a rule leaves an approval in place of its effect. Another person, who may do the
thing too, approves or declines; approving runs the very verb for the one who asked. It is the same
through every door, because the gate and the law are in the verbs.
"""

from backoffice.approvals.asking import (
    ApprovalAsked,
    MoreThanApproved,
    gate,
    rule_for,
    running,
    vouched,
    vouched_by,
)
from backoffice.approvals.registry import (
    Action,
    UnknownAction,
    action,
    action_named,
    actions,
    label_of,
)
from backoffice.approvals.rules import RuleInForce, edit_rule, make_rule
from backoffice.approvals.running import carry_out
from backoffice.approvals.verbs import (
    NotYourRequest,
    OwnRequest,
    approve_approval,
    decline_approval,
    expire_approvals,
    withdraw_approval,
)

__all__ = [
    "Action",
    "ApprovalAsked",
    "MoreThanApproved",
    "NotYourRequest",
    "OwnRequest",
    "RuleInForce",
    "UnknownAction",
    "action",
    "action_named",
    "actions",
    "approve_approval",
    "carry_out",
    "decline_approval",
    "edit_rule",
    "expire_approvals",
    "gate",
    "label_of",
    "make_rule",
    "rule_for",
    "running",
    "vouched",
    "vouched_by",
    "withdraw_approval",
]
