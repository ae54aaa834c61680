"""The forms of the account pages: allauth's, with our words and our limits."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from backoffice.signin import limits, second_factor

EMAIL = _("E-mail address")


class _OurWords:
    """One name for one thing, and no words inside of a field, where typing hides them."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "login": EMAIL,
            "email": EMAIL,
            "password1": _("Password"),
            "password2": _("Password again"),
            "oldpassword": _("Present password"),
        }
        if "oldpassword" in self.fields or "email" not in self.fields:
            labels["password1"] = _("New password")
            labels["password2"] = _("New password again")
        for name, field in self.fields.items():
            field.label = labels.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class SignInForm(_OurWords, account.LoginForm):
    pass


class SignUpForm(_OurWords, account.SignupForm):
    field_order = ("email", "first_name", "last_name", "password1", "password2")


class NewAddressForm(_OurWords, account.AddEmailForm):
    def clean_email(self) -> str:
        if self.user.is_staff:
            raise ValidationError(_("The address of staff is changed by an administrator."))
        return super().clean_email()


class ChangePasswordForm(_OurWords, account.ChangePasswordForm):
    pass


class SetPasswordForm(_OurWords, account.SetPasswordForm):
    pass


class ResetPasswordForm(_OurWords, account.ResetPasswordForm):
    pass


class NewPasswordForm(_OurWords, account.ResetPasswordKeyForm):
    pass


class ConfirmPasswordForm(_OurWords, account.ReauthenticateForm):
    pass


class _CountedCode:
    """A code is guessed at as slowly as a password, and an app's code is good for one time."""

    user: Any
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        try:
            attempt = limits.begin([("second_factor", str(self.user.pk))])
        except limits.TooManyAttempts as refused:
            raise ValidationError(refused.message, code=refused.code) from refused
        mine = Authenticator.objects.filter(user=self.user)
        tried = list(mine.exclude(type=Authenticator.Type.WEBAUTHN).order_by("-type"))
        for authenticator in tried:
            if self._fits(authenticator, code):
                authenticator.user = self.user
                self.authenticator = authenticator
                attempt.succeeded()
                return code
        if tried:
            self._emit_authentication_failed(tried[0])  # type: ignore[attr-defined]
        raise get_adapter().validation_error("incorrect_code")

    def _fits(self, authenticator: Authenticator, code: str) -> bool:
        if authenticator.type == Authenticator.Type.TOTP:
            return second_factor.use_app_code(authenticator, code)
        return authenticator.wrap().validate_code(code)


class CodeForm(_OurWords, _CountedCode, mfa.AuthenticateForm):
    pass


class ConfirmCodeForm(_OurWords, _CountedCode, mfa.ReauthenticateForm):
    pass
