"""An act: one thing that a person can do to a row or to a selection, asked for by a dialog.

Every mutating admin action is one. It only says what to ask and which service to call; serving it
(`serving.py`) is the same for all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from backoffice.flows import Ask, Step, Tone
from backoffice.refused import Refused, Text

if TYPE_CHECKING:
    from backoffice.models import User
    from backoffice.steps import Outcome

Verb = Callable[..., Any]
BACK = _("Back")
MOVES = _("Moves")


@dataclass(frozen=True)
class Act:
    """One row of what can be done.

    name: in the URL. label: the verb on the button. permission: as `has_perm` takes it.
    one: called as `one(<model>_id=…, by=…, reason=…, version=…, **answers)`, many as
    `many(<model>_ids=…, by=…, reason=…, **answers) -> Outcome`; reason and version are left out
    when the verb does not take them. None: not offered for a row, or not for a selection.
    key: the keyword's stem when it is not the model's name ("product" → product_id, product_ids).
    effect: one clause, shown in the dialog. done: what a success says; "{row}" is the row.
    dismiss: the button that closes the dialog; refusal: why it is closed for a loaded row;
    refusal_for: why for this person, where the permission alone does not say it.
    preview: without JavaScript, the button that shows the dialog's sums again and does nothing.
    applies: for which rows it is offered at all (a toggle shows one of its two sides).
    is_quiet: kept out of the row's buttons (offered for a selection only).

    For a selection: totals: what it moves for loaded rows that can, by currency, called
    `totals_label`. four_eyes: the action under which many need a second person. is_atomic: the
    plural verb is one transaction, and its receipt is written in it; one that asks a bank is not.
    witness: of these keys, those that a change set has done it to, where the rows' own history
    does not tell: `witness(change_set_id, keys)`.
    """

    name: str
    label: Text
    permission: str
    asks: Sequence[Ask] = ()
    tone: Tone = "neutral"
    one: Verb | None = None
    many: Verb | None = None
    effect: Text = ""
    key: str = ""
    icon: str = ""
    done: Text = ""
    dismiss: Text = BACK
    refusal: Callable[[Any], Refused | None] | None = None
    refusal_for: Callable[[Any, User], Refused | None] | None = None
    preview: Text = ""
    applies: Callable[[Any], bool] | None = None
    is_quiet: bool = False
    totals: Callable[[Sequence[Any]], Mapping[str, Decimal]] | None = None
    totals_label: Text = MOVES
    four_eyes: str = ""
    is_atomic: bool = False
    witness: Callable[[int, Sequence[Any]], Iterable[Any]] | None = None
    step: Step | None = field(default=None, repr=False)

    @classmethod
    def from_step(cls, step: Step, **options: Any) -> Act:
        """Make an act of a flow's step; its verbs are looked up when they are called."""
        options.setdefault("dismiss", _keep(step))
        return cls(
            name=step.name,
            label=step.label,
            permission=step.permission_name,
            asks=step.asks,
            tone=step.tone,
            effect=step.effect,
            refusal=step.refusal,
            step=step,
            **options,
        )

    @property
    def for_one(self) -> Verb | None:
        return self.one or (self.step and self.step.flow.verbs.get(self.name)) or None

    @property
    def for_many(self) -> Verb | None:
        if any(ask.required and ask.is_for_one for ask in self.asks):
            return None
        return self.many or (self.step and self.step.flow.bulk_verbs.get(self.name)) or None

    def is_allowed(self, user: User) -> bool:
        """True when the person's role has the act's permission; the verb checks again."""
        return user.is_active and user.has_perm(self.permission)

    def applies_to(self, row: Any) -> bool:
        return self.applies is None or self.applies(row)

    def closed_because(self, row: Any, by: User | None = None) -> Refused | None:
        """Return why the act is closed for a row whose facts are loaded (to `by`), or None."""
        refused = self.refusal(row) if self.refusal is not None else None
        if refused is None and by is not None and self.refusal_for is not None:
            refused = self.refusal_for(row, by)
        return refused

    def run_one(
        self, pk: Any, *, model_name: str, by: User, answers: Mapping[str, Any], version: int | None
    ) -> Any:
        """Call the verb for one row. Raises Refused."""
        assert self.for_one is not None
        extra = {"reason": "", "version": version, **answers}
        return _call(self.for_one, {f"{self.key or model_name}_id": pk, "by": by}, extra)

    def run_many(
        self, pks: Sequence[Any], *, model_name: str, by: User, answers: Mapping[str, Any]
    ) -> Outcome[Any]:
        """Call the plural verb. Raises Refused when it refuses the whole."""
        assert self.for_many is not None
        extra = {"reason": "", **answers}
        return _call(self.for_many, {f"{self.key or model_name}_ids": list(pks), "by": by}, extra)


def _call(verb: Verb, given: Mapping[str, Any], extra: Mapping[str, Any]) -> Any:
    """Call a verb; of reason and version, which not every verb takes, only what it takes."""
    takes = inspect.signature(verb).parameters
    takes_all = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in takes.values())
    optional = {"reason", "version"}
    passed = {k: v for k, v in extra.items() if takes_all or k in takes or k not in optional}
    return verb(**given, **passed)


def _keep(step: Step) -> Text:
    """Word the button beside a red one: "Keep order"; a second "Cancel" would be a riddle."""
    if step.tone != "danger":
        return BACK
    return format_lazy(_("Keep {what}"), what=step.flow.model_name)
