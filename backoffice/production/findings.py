"""A check of production: what it looks at, and what to do where it finds something."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Check:
    """look: returns what is wrong, or nothing. remedy: what a person does about it."""

    name: str
    look: Callable[[], str]
    remedy: str


@dataclass(frozen=True)
class Finding:
    name: str
    problem: str
    remedy: str


def look(checks: Iterable[Check], *, skip: Iterable[str] = ()) -> list[Finding]:
    """Return what each check finds. One that breaks is a finding, too."""
    found = []
    for check in checks:
        if check.name in skip:
            continue
        try:
            problem = check.look()
        except Exception as error:
            logger.exception("the check %s broke", check.name)
            problem = f"It could not be checked ({type(error).__name__})."
        if problem:
            found.append(Finding(check.name, problem, check.remedy))
    return found
