"""Whose act it is, when a stranger's request signs somebody up or lets them in again."""

from __future__ import annotations

from typing import Any

from backoffice import changes


class acting_as:  # noqa: N801  (a context manager reads as a verb)
    """Write as this person what a stranger's request does for them: sign up, reset.

    is_new: the row of the person is written inside, in one transaction with the change set that
    names it; when that fails nobody is named afterwards.
    """

    def __init__(self, user: Any, action: str, *, is_new: bool = False) -> None:
        self.user, self.action, self.is_new = user, action, is_new
        self.change = changes.current()
        self.before: Any = None

    def __enter__(self) -> None:
        if self.change is not None and not self.change.is_written:
            self.before = self.change.actor
            self.change.actor = self.user
            self.change.fill(action=self.action)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self.is_new and self.change is not None:
            self.change.actor = self.before
