"""The only errors whose text a user may read; anything else is a bug and stays loud."""

import re
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class Refused(Exception):  # noqa: N818  (the word of the trade: a verb refuses)
    """A verb refused: a code for machines, a sentence and a way out for people.

    A subclass states `sentence` (and `hint`) with named holes; whoever raises it fills them:
    `NotEnoughStock(sku="MUG", wanted=3, free=1)`. `http_status` is what a web door answers.
    """

    sentence: ClassVar[Text] = _("This cannot be done.")
    hint: ClassVar[Text] = ""
    http_status: ClassVar[int] = 422

    def __init__(self, *, hint: Text | None = None, **facts: Any) -> None:
        self.facts = facts
        self._hint = hint
        super().__init__(facts)

    @property
    def code(self) -> str:
        """The class's name in snake_case: what machines compare."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    @property
    def message(self) -> str:
        return str(self.sentence).format(**self.facts)

    @property
    def way_out(self) -> str:
        return str(self.hint if self._hint is None else self._hint).format(**self.facts)

    def __str__(self) -> str:
        return f"{self.message} {self.way_out}".strip()


class NotAllowed(Refused):
    sentence = _("Your role does not allow you to {what}.")
    hint = _("Ask a manager.")
    http_status = 403


class UnknownRow(Refused):
    sentence = _("There is no {what} {key}.")
    hint = _("It may have been removed; go back to the list.")
    http_status = 404


class StepNotOpen(Refused):
    sentence = _("{what} is {state}; “{step}” is only possible from {sources}.")
    http_status = 409


class StaleVersion(Refused):
    """Somebody else saved in between. facts: what, theirs (version now), yours (version sent)."""

    sentence = _("{what} was changed by somebody else while you were working on it.")
    hint = _("Look at the newer version and try again.")
    http_status = 409


class ReasonMissing(Refused):
    sentence = _("“{step}” needs a reason.")
    hint = _("Write one sentence that a colleague understands next month.")


class BadValue(Refused):
    sentence = _("{field}: {problem}")


class TooMany(Refused):
    sentence = _("{count} rows are selected; at most {limit} can be done at once.")
    hint = _("Select fewer and repeat.")


class ServiceUnavailable(Refused):
    sentence = _("{service} did not answer.")
    hint = _("Nothing was changed; try again in a minute.")
    http_status = 503
