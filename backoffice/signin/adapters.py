"""How allauth behaves in this house: who may sign up, where people land, what is written."""

from __future__ import annotations

import base64
import hashlib
import logging
import smtplib
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.models import User
from backoffice.refused import Refused
from backoffice.signin import limits, second_factor, sessions
from backoffice.signin.acting import acting_as

logger = logging.getLogger(__name__)

# So soon after signing in nobody has to prove again who they are to set up a second factor.
FRESH_SECONDS = 5 * 60
CONFIRM_STAGE = "allauth.account.stages.EmailVerificationStage"


class ConfirmAddressStage(EmailVerificationStage):
    """Only who registered themselves confirms the address; the others' was given to them."""

    def handle(self) -> Any:
        login = self.login
        if login.user is not None and not login.signup:
            mine = EmailAddress.objects.filter(user_id=login.user.pk)
            if not mine.filter(email=login.user.email, verified=False).exists():
                return None, True
        return super().handle()


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "account_inactive": _("This account is closed."),
        "incorrect_code": _("This code is not right, or was used before."),
        "incorrect_password": _("This password is not right."),
        "email_taken": _("Somebody with this e-mail address is already here."),
    }

    # --- Signing in --------------------------------------------------------------------------

    def pre_authenticate(self, request: Any, **credentials: Any) -> None:
        """The backend counts; allauth's own count stands in the cache."""

    def authenticate(self, request: Any, **credentials: Any) -> User | None:
        # The pages ask for the second factor as their next stage.
        request.second_factor_follows = True
        try:
            return super().authenticate(request, **credentials)
        except Refused as refused:
            raise ValidationError(str(refused), code=refused.code) from refused

    def _delete_login_attempts_cached_email(self, request: Any, **credentials: Any) -> None:
        limits.forget_account(credentials["email"])

    def get_client_ip(self, request: Any) -> str:
        # What proxies say is anybody's word; the server in front sets the peer address.
        return request.META.get("REMOTE_ADDR") or "0.0.0.0"  # noqa: S104  (an address, not a bind)

    def get_login_stages(self) -> list[str]:
        ours = f"{__name__}.ConfirmAddressStage"
        return [ours if name == CONFIRM_STAGE else name for name in super().get_login_stages()]

    def post_login(self, request: Any, user: User, **more: Any) -> Any:
        response = super().post_login(request, user, **more)
        limits.know_browser(request, response, user.email)
        return response

    def get_login_redirect_url(self, request: Any) -> str:
        return reverse("admin:index") if request.user.is_staff else reverse("home")

    def get_signup_redirect_url(self, request: Any) -> str:
        return reverse("home")

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        if app == "allauth.mfa":
            signed_in = context.request.session.get(sessions.SIGNED_IN, 0)
            if time.time() - signed_in < FRESH_SECONDS:
                return False
        return super().is_reauthentication_required(app=app, **more)

    # --- Accounts ----------------------------------------------------------------------------

    def save_user(self, request: Any, user: User, form: Any, commit: bool = True) -> User:
        """Write the new account as its owner's own act."""
        with acting_as(user, "account.sign_up", is_new=True):
            return super().save_user(request, user, form, commit)

    def set_password(self, user: User, password: str) -> None:
        with acting_as(user, "account.change_password"):
            super().set_password(user, password)

    # --- Letters -----------------------------------------------------------------------------

    def format_email_subject(self, subject: str) -> str:
        return f"{settings.SHOP_NAME}: {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a letter, unless the address had many lately; a post office that is shut is said."""
        try:
            limits.count("letter", email, most=settings.ACCOUNT_LETTERS_AN_HOUR)
        except limits.TooManyRequests:
            logger.warning("A letter (%s) was not sent: the address had many.", template_prefix)
            return
        try:
            super().send_mail(template_prefix, email, {"shop_name": settings.SHOP_NAME, **context})
        except (OSError, smtplib.SMTPException):
            logger.exception("A letter (%s) could not be sent.", template_prefix)
            if self.request is not None:
                words = _("The letter could not be sent. Try again in a few minutes.")
                messages.error(self.request, words)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps secrets unreadable in the database, and required second factors in place."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _(
            "Your role needs a second factor: add another one before you remove this."
        ),
        "incorrect_code": _("This code is not right, or was used before."),
    }

    def encrypt(self, text: str) -> str:
        return _locks().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return _locks().decrypt(encrypted_text.encode()).decode()
        except InvalidToken as error:
            raise RuntimeError(
                "A second factor was written under another SECRET_KEY; "
                "keep the old one in SECRET_KEY_FALLBACKS."
            ) from error

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        is_needed = second_factor.is_required(authenticator.user)
        return not (is_needed and second_factor.is_last(authenticator))

    def _get_site_name(self) -> str:
        return settings.SHOP_NAME


def _locks() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"second factor:{key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
