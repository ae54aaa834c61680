"""When somebody else writes between our look and our write: look again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, transaction

T = TypeVar("T")

# Of rivals who want the same name at the same moment one wins in each round.
ROUNDS = 20


def rechecked(work: Callable[[], T]) -> T:
    """Run work that looks for what is taken and then writes; again when the database found a clash.

    The next look sees what the rival committed: it refuses with the ordinary sentence, or chooses
    another slug. Atomic: each round in a savepoint of its own.
    """
    for _round in range(ROUNDS - 1):
        try:
            with transaction.atomic():
                return work()
        except IntegrityError:
            continue
    with transaction.atomic():
        return work()
