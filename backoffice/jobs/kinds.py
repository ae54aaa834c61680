"""What can be a job: kinds registered by each app's `jobs.py`, and which the clock starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from backoffice.refused import Text

if TYPE_CHECKING:
    from backoffice.jobs.running import Run
    from backoffice.models import Job

Work = Callable[["Run"], Mapping[str, Any] | None]
Page = Callable[["Job"], str]

MOST_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of job.

    work: runs outside of transactions, perhaps more than once (a worker may die in the middle), so
    what it did is found and left alone by the next attempt. page: where its outcome is shown.
    every_minutes: the clock starts it that often; None: only people and verbs do.
    """

    name: str
    label: Text
    work: Work
    most_attempts: int = MOST_ATTEMPTS
    page: Page | None = None
    every_minutes: int | None = None

    def period(self, now: datetime) -> datetime:
        """Return the begin of the period that `now` is in; periods count from midnight UTC."""
        assert self.every_minutes is not None
        midnight = now.astimezone(timezone.get_default_timezone()).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        length = timedelta(minutes=self.every_minutes)
        return midnight + (now - midnight) // length * length


_kinds: dict[str, Kind] = {}


def kind(
    name: str,
    *,
    label: Text,
    most_attempts: int = MOST_ATTEMPTS,
    page: Page | None = None,
) -> Callable[[Work], Work]:
    """Decorator: this function is the work of a kind of job."""
    return _registering(name=name, label=label, most_attempts=most_attempts, page=page)


def periodic(
    name: str, *, every_minutes: int, label: Text, most_attempts: int = MOST_ATTEMPTS
) -> Callable[[Work], Work]:
    """Decorator: this function is work that the clock starts every so many minutes."""
    return _registering(
        name=name, label=label, most_attempts=most_attempts, every_minutes=every_minutes
    )


def _registering(*, name: str, **options: Any) -> Callable[[Work], Work]:
    def register(work: Work) -> Work:
        earlier = _kinds.get(name)
        if earlier is not None and earlier.work.__module__ != work.__module__:
            raise ImproperlyConfigured(f"Two modules register the job kind {name}.")
        _kinds[name] = Kind(name=name, work=work, **options)
        return work

    return register


def find(name: str) -> Kind | None:
    """Return a kind, or None when this version of the code does not know it (any more)."""
    return _kinds.get(name)


def all_kinds() -> list[Kind]:
    return sorted(_kinds.values(), key=lambda known: known.name)


def periodic_kinds() -> list[Kind]:
    return [known for known in all_kinds() if known.every_minutes is not None]
