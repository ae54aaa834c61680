"""A state machine is one table: states, steps, guards. All else about it is printed from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from django.apps import apps
from django.db import models

from backoffice.refused import Refused, StepNotOpen, Text

if TYPE_CHECKING:
    from backoffice.models import User

# A pure function of one loaded row: nothing, or why the step is closed.
Guard = Callable[[Any], Refused | None]
Tone = Literal["neutral", "info", "success", "warning", "danger"]


@dataclass(frozen=True)
class LineChoice:
    """One line of a question “how many of each line?”.

    key: the line's id. most: whole units, the largest answer; 0 greys the line, and note says why.
    price: what one unit costs, shown. worth: what n units are worth, for a running sum in the
    dialog: (the sum of all units of the line, how many they are, how many of them are gone).
    """

    key: int
    title: str
    detail: str = ""
    most: int = 0
    initial: int = 0
    price: Decimal | None = None
    note: Text = ""
    worth: tuple[Decimal, int, int] | None = None


@dataclass(frozen=True)
class Ask:
    """One question that a step's dialog asks, and the keyword its verb receives the answer by.

    kind: money and number arrive as Decimal and int, date and moment as date and aware datetime,
    lines as {line's key: units above zero}. rows: the lines of a row, for kind "lines".
    about: what else the question says of a row ({"label", "help", "initial"}), or None when it is
    not asked of that row (the verb's default holds then). Both need a row, so a question that has
    one is not asked of a selection; an act with a required one is not offered for it.
    """

    name: str
    label: Text
    kind: Literal[
        "text", "line", "choice", "flag", "date", "moment", "number", "money", "lines"
    ] = "text"
    required: bool = False
    choices: Sequence[tuple[str, Text]] | Callable[[], Sequence[tuple[str, Text]]] = ()
    initial: Any = None
    help: Text = ""
    rows: Callable[[Any], Sequence[LineChoice]] | None = None
    about: Callable[[Any], Mapping[str, Any] | None] | None = None

    @property
    def is_for_one(self) -> bool:
        """True when it can only be asked of a single row."""
        return self.rows is not None or self.about is not None


@dataclass(frozen=True)
class State:
    name: str
    label: Text
    tone: Tone = "neutral"


@dataclass(frozen=True)
class Step:
    """One row of the table.

    source: names of states, space separated; "" is an entry step, from nothing.
    target: the state it leads to; "" leaves the state as it is.
    effect: one clause for the documentation.
    permission: codename when it is not "<step>_<model>".
    owner: the states from which whoever the row belongs to may take it without the permission;
    "new" for an entry step. owner_guards: what closes it to them besides.
    """

    name: str
    source: str
    target: str
    label: Text
    effect: Text = ""
    asks: tuple[Ask, ...] = ()
    tone: Tone = "neutral"
    guards: tuple[Guard, ...] = ()
    permission: str = ""
    owner: str = ""
    owner_guards: tuple[Guard, ...] = ()
    flow: Flow = field(default=None, compare=False, repr=False)  # type: ignore[assignment]

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(self.source.split())

    @property
    def is_entry(self) -> bool:
        return not self.source

    @property
    def codename(self) -> str:
        return self.permission or f"{self.name}_{self.flow.model_name}"

    @property
    def permission_name(self) -> str:
        """The permission as `has_perm` takes it: "orders.cancel_order"."""
        return f"{self.flow.app_label}.{self.codename}"

    @property
    def action(self) -> str:
        """What a change set calls it: "orders.cancel"."""
        return f"{self.flow.app_label}.{self.name}"

    def is_owners(self, row: models.Model, by: User) -> bool:
        """Tell whether `by` may take this step on a row of their own, as it is now."""
        if not self.owner or not by.is_active or self.flow.owner_of(row) != by.pk:
            return False
        return self.is_entry or getattr(row, self.flow.field) in self.owner.split()

    def owner_refusal(self, row: models.Model) -> Refused | None:
        """Return why this step is closed to the row's owner, or None."""
        guarded = (guard(row) for guard in self.owner_guards)
        return self.refusal(row) or next((r for r in guarded if r is not None), None)

    def refusal(self, row: models.Model) -> Refused | None:
        """Return why this step is closed for a loaded row, or None when it is open."""
        state = self.flow.state_of(row)
        if state.name not in self.sources:
            return StepNotOpen(
                what=row,
                state=str(state.label).lower(),
                step=self.label,
                sources=", ".join(str(self.flow.states[s].label).lower() for s in self.sources),
            )
        for guard in self.guards:
            if (refused := guard(row)) is not None:
                return refused
        return None


@dataclass(frozen=True)
class Offer:
    """A step beside a row: open, or closed with the sentence that the grey button shows."""

    step: Step
    refusal: Refused | None

    @property
    def is_open(self) -> bool:
        return self.refusal is None


class Flow:
    """The states and steps of one model's field.

    model: "app_label.ModelName". field: the column that names the state; since: the column, if any,
    that says since when; owner: the column, if any, with the key of whom a row belongs to.
    Services register their verbs with `@flow.verb`, and how the facts that guards need are loaded
    with `@flow.loader`.
    """

    def __init__(
        self,
        model: str,
        *,
        field: str,
        states: Sequence[State],
        steps: Sequence[Step],
        since: str = "",
        owner: str = "",
    ) -> None:
        self.app_label, self.model_label = model.split(".")
        self.model_name = self.model_label.lower()
        self.field = field
        self.since = since
        self.owner = owner
        self.states = {state.name: state for state in states}
        self.steps: dict[str, Step] = {}
        self.verbs: dict[str, Callable[..., Any]] = {}
        self.bulk_verbs: dict[str, Callable[..., Any]] = {}
        self._load: Callable[[Sequence[Any]], None] = lambda rows: None
        for step in steps:
            object.__setattr__(step, "flow", self)
            self.steps[step.name] = step

    def __getitem__(self, name: str) -> Step:
        return self.steps[name]

    @property
    def model(self) -> type[models.Model]:
        return apps.get_model(self.app_label, self.model_label)

    @property
    def choices(self) -> list[tuple[str, Text]]:
        return [(state.name, state.label) for state in self.states.values()]

    @property
    def permissions(self) -> list[tuple[str, str]]:
        """Model permissions, for Meta: one for each step that does not use a stock one."""
        return [
            (step.codename, f"Can {str(step.label).lower()} {self.model_name}")
            for step in self.steps.values()
            if not step.permission
        ]

    @property
    def tones(self) -> dict[str, Tone]:
        return {state.name: state.tone for state in self.states.values()}

    def state_of(self, row: models.Model) -> State:
        return self.states[getattr(row, self.field)]

    def owner_of(self, row: models.Model) -> Any:
        """Return the key of whom a row belongs to; None where rows belong to nobody."""
        return getattr(row, self.owner) if self.owner else None

    def verb(self, name: str, *, many: bool = False) -> Callable[..., Any]:
        """Decorator: this service takes the step; `many`: it takes it for many rows."""
        assert name in self.steps, f"{name} is no step of {self.model_name}"

        def register(service: Callable[..., Any]) -> Callable[..., Any]:
            (self.bulk_verbs if many else self.verbs)[name] = service
            return service

        return register

    def loader(self, load: Callable[[Sequence[Any]], None]) -> Callable[[Sequence[Any]], None]:
        """Decorator: this function loads, for rows already read, the facts that guards need."""
        self._load = load
        return load

    def load(self, rows: Sequence[Any]) -> None:
        self._load(rows)

    def offers(self, row: Any, by: User) -> list[Offer]:
        """Return the steps from this row's state that `by` may take, open ones first.

        The row's facts must be loaded.
        """
        state = self.state_of(row).name
        offers = []
        for step in self.steps.values():
            if state in step.sources and by.has_perm(step.permission_name):
                offers.append(Offer(step, step.refusal(row)))
            elif state in step.sources and step.is_owners(row, by):
                offers.append(Offer(step, step.owner_refusal(row)))
        return sorted(offers, key=lambda offer: not offer.is_open)

    def unreachable_states(self) -> set[str]:
        """Return the states that no chain of steps reaches from an entry step."""
        reached: set[str] = {s.target for s in self.steps.values() if s.is_entry}
        while True:
            more = {
                s.target
                for s in self.steps.values()
                if s.target and reached & set(s.sources) and s.target not in reached
            }
            if not more:
                return set(self.states) - reached
            reached |= more

    def mermaid(self) -> str:
        """Return the state diagram in Mermaid's words."""
        lines = ["stateDiagram-v2"]
        for step in self.steps.values():
            sources: Iterable[str] = step.sources or ("[*]",)
            lines += [f"    {s} --> {step.target or s}: {step.name}" for s in sources]
        return "\n".join(lines)

    def markdown(self) -> str:
        """Return the step table in Markdown."""
        lines = [
            "| step | from → to | closed when | effect | permission |",
            "|---|---|---|---|---|",
        ]
        for step in self.steps.values():
            guards = "; ".join((guard.__doc__ or "").strip().rstrip(".") for guard in step.guards)
            lines.append(
                f"| {step.name} | {', '.join(step.sources) or '–'} → {step.target or 'same'} "
                f"| {guards or '–'} | {step.effect or '–'} | `{step.permission_name}`"
                f"{' or its owner' if step.owner else ''} |"
            )
        return "\n".join(lines)


def all_flows() -> list[Flow]:
    """Return the flow of every model that has one (its class attribute `flow`)."""
    flows = (getattr(model, "flow", None) for model in apps.get_models())
    return [flow for flow in flows if isinstance(flow, Flow)]
