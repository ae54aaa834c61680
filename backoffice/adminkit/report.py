"""What a bulk act did: kept in the session until it was read, shown grouped by what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.text import capfirst

from backoffice.adminkit.acts import Act
from backoffice.ids import uuid7
from backoffice.refused import Refused
from backoffice.steps import Outcome

SESSION_KEY = "act_reports"
REPORTS_KEPT = 5


@dataclass(frozen=True)
class Line:
    pk: str
    title: str


@dataclass(frozen=True)
class RefusedGroup:
    code: str
    sentence: str
    way_out: str
    lines: list[Line]


@dataclass(frozen=True)
class Report:
    act: str
    label: str
    done: list[Line]
    groups: list[RefusedGroup]

    @property
    def refused_lines(self) -> list[Line]:
        return [line for group in self.groups for line in group.lines]

    @property
    def refused_count(self) -> int:
        return sum(len(group.lines) for group in self.groups)


def keep(request: HttpRequest, act: Act, outcome: Outcome[Any]) -> str:
    """Keep an outcome in the person's session; return its key."""
    key = uuid7().hex
    kept = dict(request.session.get(SESSION_KEY, {}))
    kept[key] = {
        "act": act.name,
        "label": str(act.label),
        "done": [[str(row.pk), str(row)] for row in outcome.done],
        "refused": [
            [str(getattr(row, "pk", row)), str(row), error.code, error.message, error.way_out]
            for row, error in outcome.refused
        ],
    }
    # Keys are time-ordered: the oldest go first.
    request.session[SESSION_KEY] = {k: kept[k] for k in sorted(kept)[-REPORTS_KEPT:]}
    return key


def recall(request: HttpRequest, key: str) -> Report | None:
    """Return a kept report, or None when it is no longer there."""
    kept = request.session.get(SESSION_KEY, {}).get(key)
    if kept is None:
        return None
    return Report(
        act=kept["act"],
        label=kept["label"],
        done=[Line(pk, title) for pk, title in kept["done"]],
        groups=_grouped(kept["refused"]),
    )


def closed_groups(closed: Sequence[tuple[Any, Refused]]) -> list[RefusedGroup]:
    """Return what a bulk act will refuse, grouped by sentence, for its dialog."""
    return _grouped(
        [str(row.pk), str(row), why.code, why.message, why.way_out] for row, why in closed
    )


def _grouped(refused: Iterable[Sequence[str]]) -> list[RefusedGroup]:
    groups: dict[tuple[str, str], RefusedGroup] = {}
    for pk, title, code, message, way_out in refused:
        sentence = _without(title, message)
        group = groups.setdefault((code, sentence), RefusedGroup(code, sentence, way_out, []))
        group.lines.append(Line(pk, title))
    return sorted(groups.values(), key=lambda group: -len(group.lines))


def _without(title: str, message: str) -> str:
    """Drop the row's own name from the head of a sentence, so that equal refusals meet."""
    if message.startswith(title):
        return capfirst(message[len(title) :].lstrip(" :,–"))
    return message
