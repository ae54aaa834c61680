"""People who sign in: staff and customers, their profile, and when they were last seen."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.history import GuardedQuerySet, History
from backoffice.ids import uuid7
from backoffice.models.base import Audited


class UserManager(BaseUserManager.from_queryset(GuardedQuerySet)):  # type: ignore[misc]
    """Creates users by e-mail; addresses are compared in lower case."""

    def get_by_natural_key(self, email: str | None) -> User:
        return self.get(email=(email or "").strip().lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a person who may sign in. Raises ValueError without an e-mail address."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(Audited, AbstractBaseUser, PermissionsMixin):
    """A person, known by e-mail. Users are deactivated and erased, never deleted."""

    # Sign-ins are traffic: they stand in UserActivity, not in this audited table.
    last_login = None

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail address"), help_text=_("This is the sign-in name."))
    first_name = models.CharField(_("first name"), max_length=150, blank=True)
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    is_staff = models.BooleanField(
        _("staff"), default=False, help_text=_("May sign in to this console.")
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Untick this instead of deleting a person.")
    )
    created_at = models.DateTimeField(
        _("created"), default=changes.moment, editable=False, db_index=True
    )
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = UserManager()
    history = History(excluded_fields=["email", "first_name", "last_name", "password"])

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["email"]
        base_manager_name = "objects"
        default_permissions = ("add", "change", "view")
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                name="user_email_unique",
                violation_error_message=_("Somebody with this e-mail address is already here."),
            ),
            models.CheckConstraint(
                condition=models.Q(email=models.functions.Lower("email")), name="user_email_lower"
            ),
        ]
        indexes = [models.Index(fields=["is_active", "is_staff"], name="user_active_staff")]

    def __str__(self) -> str:
        return self.get_full_name()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.email = self.email.strip().lower()

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def get_short_name(self) -> str:
        return self.first_name or self.email.partition("@")[0]


class Profile(models.Model):
    """What a person says about themselves; made for each new user by a receiver."""

    user = models.OneToOneField(User, models.CASCADE, related_name="profile")
    avatar = models.ImageField(_("avatar"), upload_to="avatars/", blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    born_on = models.DateField(_("birth date"), null=True, blank=True)
    bio = models.TextField(_("about"), max_length=500, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", help_text=_("For example Europe/Berlin.")
    )

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")

    def __str__(self) -> str:
        return str(self.user)


class UserActivity(models.Model):
    """When somebody was last here: written by traffic, so kept out of the audited table."""

    user = models.OneToOneField(User, models.CASCADE, related_name="activity")
    signed_in_at = models.DateTimeField(_("last sign-in"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.user)
