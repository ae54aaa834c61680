"""Where the steps that somebody is offered have their buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.flows import Offer

# What stands under “More”: what is dangerous, and what is seldom wanted.
QUIET = frozenset({"danger", "neutral"})


@dataclass(frozen=True)
class Buttons:
    """The steps that somebody is offered, sorted to where their buttons stand."""

    primary: Offer | None
    beside: list[Offer]
    more: list[Offer]


def buttons_of(offers: Sequence[Offer]) -> Buttons:
    """Sort offers: what leads on in sight, the first open one first; the rest under “More”.

    A closed step stands in sight when it leads on (it says what is missing); a closed side step
    would only be noise there.
    """
    in_sight = [o for o in offers if o.step.tone not in QUIET and (o.is_open or _leads_on(o))]
    ready = [o for o in in_sight if o.is_open and o.step.tone in {"info", "success"}]
    ready.sort(key=lambda offer: not _leads_on(offer))
    primary = ready[0] if ready else None
    return Buttons(
        primary=primary,
        beside=[o for o in in_sight if o is not primary],
        more=[o for o in offers if o not in in_sight],
    )


def _leads_on(offer: Offer) -> bool:
    step = offer.step
    return step.tone == "success" or (step.tone == "info" and bool(step.target))
