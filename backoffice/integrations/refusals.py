"""How an outside service fails, in words for people."""

from django.utils.translation import gettext_lazy as _

from backoffice.refused import Refused, ServiceUnavailable


class AnswerLost(ServiceUnavailable):
    """The question was sent and its answer did not come: what became of it, nobody here knows."""

    sentence = _("{service} did not answer, and may have done what was asked all the same.")
    hint = _("Look there first; asking again could do it twice.")


class UnreadableAnswer(ServiceUnavailable):
    sentence = _("{service} answered something that this console does not understand.")
    http_status = 502


class ServiceRefused(Refused):
    """A clear no. facts: service, status (theirs), problem (their words)."""

    sentence = _("{service} refuses: {problem}")
    http_status = 502

    @property
    def status(self) -> int:
        """What the service answered: 404 and 409 often mean something to whoever asked."""
        return int(self.facts["status"])


class AccessRefused(ServiceRefused):
    """401 or 403: the service does not accept who asks."""

    sentence = _("{service} does not accept this console's access: {problem}")
    hint = _("An administrator has to look at its key.")
