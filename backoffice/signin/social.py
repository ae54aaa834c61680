"""Who may come in by Google: customers, and staff whose account was made beforehand."""

from __future__ import annotations

import logging
from typing import Any, Never

from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.integrations.google import GooglePerson, GoogleUserInfo
from backoffice.models import AuditEvent, User
from backoffice.refused import Refused
from backoffice.signin.acting import acting_as

logger = logging.getLogger(__name__)


class GoogleRefused(Refused):
    """Somebody proved to be who they are, and may not come in this way all the same."""

    sentence = _("Signing in with Google did not work.")
    hint = _("Try again, or use your password.")
    http_status = 403


class AddressNotVerified(GoogleRefused):
    sentence = _("Google has not verified this e-mail address.")
    hint = _("Verify it at Google, or use your password.")


class NotTheSamePerson(GoogleRefused):
    sentence = _("Google's answers contradict each other.")


class DomainNotAllowed(GoogleRefused):
    sentence = _("Staff come in by Google only with an account of the company.")
    hint = _("Use your password.")


class NotProvisioned(GoogleRefused):
    sentence = _("There is no account here for this address of the company yet.")
    hint = _("Ask an administrator to make one.")


class AccountClosed(GoogleRefused):
    sentence = _("This account is closed.")
    hint = _("Ask an administrator.")


class OwnershipNotProven(GoogleRefused):
    sentence = _("An account with this address is here, and nobody confirmed yet that it is yours.")
    hint = _("Sign in with its password, or have that reset; then connect Google in your account.")


class NotYourAddress(GoogleRefused):
    sentence = _("This Google account has another e-mail address than yours.")
    hint = _("Connect the one that has the same address.")


class SocialAdapter(DefaultSocialAccountAdapter):
    def on_authentication_error(
        self, request: Any, provider: Any, error: Any = None, exception: Any = None, **_more: Any
    ) -> Never:
        """Cancelled, failed, or a state that this browser never asked for: back to the form."""
        logger.warning("Google sign-in failed: %s %s", error, type(exception).__name__)
        _record(request, str(error or "unknown"), None)
        raise ImmediateHttpResponse(_back(request))

    def authenticate_by_email(self, sociallogin: Any) -> None:
        """Never: `pre_social_login` decides, and says why not."""

    def pre_social_login(self, request: Any, sociallogin: Any) -> None:
        """Let in, connect or refuse, before allauth goes on."""
        known = sociallogin.user if sociallogin.is_existing else None
        try:
            person = self._who(sociallogin)
            if sociallogin.state.get("process") == AuthProcess.CONNECT:
                _check_connect(request.user, known, person)
            elif known is not None:
                _check_account(known, person)
            elif (owner := User.objects.filter(email=person.email).first()) is not None:
                _check_account(owner, person)
                _check_ownership(owner)
                with acting_as(owner, "account.connect_google"):
                    sociallogin.connect(request, owner)
            elif person.email.rpartition("@")[2] in settings.GOOGLE_STAFF_DOMAINS:
                raise NotProvisioned
            else:
                _take_over_names(sociallogin.user, person)
        except Refused as refused:
            _record(request, refused.code, known)
            messages.error(request, str(refused))
            raise ImmediateHttpResponse(_back(request)) from refused
        # Google's whole answer is nothing that this house needs to keep.
        sociallogin.account.extra_data = {"email": person.email}
        if sociallogin.account.pk:
            sociallogin.account.save()

    def save_user(self, request: Any, sociallogin: Any, form: Any = None) -> User:
        with acting_as(sociallogin.user, "account.sign_up", is_new=True):
            return super().save_user(request, sociallogin, form)

    def _who(self, sociallogin: Any) -> GooglePerson:
        """Return whom Google's two services agree on. Refuses: what they do not."""
        with GoogleUserInfo.of(sociallogin.token.token if sociallogin.token else "") as google:
            person = google.person()
        claimed = {address.email.lower() for address in sociallogin.email_addresses}
        if person.subject != sociallogin.account.uid or claimed - {person.email}:
            raise NotTheSamePerson
        verified = {a.email.lower() for a in sociallogin.email_addresses if a.verified}
        if not (person.email and person.is_email_verified and person.email in verified):
            raise AddressNotVerified
        return person


def _check_account(user: User, person: GooglePerson) -> None:
    """Refuses: AccountClosed; of staff also NotYourAddress and DomainNotAllowed."""
    if not user.is_active:
        raise AccountClosed
    if not (user.is_staff or user.is_superuser):
        return
    if person.email != user.email:
        raise NotYourAddress
    domain = person.email.rpartition("@")[2]
    # Without `hd` it is a private account that once was given the company's address.
    if domain not in settings.GOOGLE_STAFF_DOMAINS or person.hosted_domain != domain:
        raise DomainNotAllowed


def _check_ownership(user: User) -> None:
    """A stranger may have registered the address and wait for its owner. Refuses accordingly."""
    if user.is_staff or user.is_superuser:
        return  # made by an administrator
    if not EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
        raise OwnershipNotProven


def _check_connect(me: Any, known: User | None, person: GooglePerson) -> None:
    """Refuses: GoogleRefused; NotYourAddress; what `_check_account` and ownership refuse."""
    if not me.is_authenticated or (known is not None and known.pk != me.pk):
        raise GoogleRefused
    _check_account(me, person)
    if person.email != me.email:
        raise NotYourAddress
    _check_ownership(me)


def _take_over_names(user: User, person: GooglePerson) -> None:
    user.first_name, user.last_name = person.first_name[:150], person.last_name[:150]


def _record(request: Any, code: str, user: User | None) -> None:
    changes.say(action="auth.google_refused", by=None, reason="")
    AuditEvent.record("sign_in_refused", subject=user, door="google", code=code)


def _back(request: Any) -> HttpResponseRedirect:
    """Return to the form with a sentence; people who are signed in to where they came from."""
    if request.user.is_authenticated:
        waiting: Any = messages.get_messages(request)
        if not waiting._queued_messages:
            messages.error(request, str(GoogleRefused()))
        return HttpResponseRedirect(reverse("socialaccount_connections"))
    return HttpResponseRedirect(f"{reverse('account_login')}?error=auth_failed")
