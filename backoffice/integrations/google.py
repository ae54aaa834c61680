"""Who Google says somebody is: its user-information service, asked with that person's own token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backoffice.integrations.http import HttpService
from backoffice.integrations.refusals import UnreadableAnswer
from backoffice.refused import Text

PATH = "v1/userinfo"


@dataclass(frozen=True)
class GooglePerson:
    """What is used of the answer. hosted_domain: of a company's account; blank for others."""

    subject: str
    email: str
    is_email_verified: bool
    first_name: str
    last_name: str
    hosted_domain: str


class GoogleUserInfo(HttpService):
    """A client for one person: it carries their token."""

    label: ClassVar[Text] = _("Google")
    read_seconds: ClassVar[float] = 5.0
    whole_seconds: ClassVar[float] = 10.0
    tries: ClassVar[int] = 2
    most_bytes: ClassVar[int] = 64 * 1024

    @classmethod
    def of(cls, token: str) -> GoogleUserInfo:
        return cls(base_url=settings.GOOGLE_API_URL, bearer=token)

    def person(self) -> GooglePerson:
        """Return who the token's owner is.

        Refuses: AccessRefused for a token that is not accepted; ServiceRefused;
        ServiceUnavailable; UnreadableAnswer.
        """
        data = self.get(PATH).data
        subject = _words(data, "sub")
        if not subject:
            raise UnreadableAnswer(service=self.label, status=200)
        return GooglePerson(
            subject=subject,
            email=_words(data, "email").lower(),
            is_email_verified=data.get("email_verified") is True
            or data.get("email_verified") == "true",
            first_name=_words(data, "given_name"),
            last_name=_words(data, "family_name"),
            hosted_domain=_words(data, "hd").lower(),
        )


def _words(data: Any, name: str) -> str:
    """Return a text of the answer, in one line and of a sane length; anything else is blank."""
    value = data.get(name) if isinstance(data, dict) else None
    return " ".join(value.replace("\x00", "").split())[:254] if isinstance(value, str) else ""
