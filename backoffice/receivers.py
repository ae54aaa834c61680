"""What happens beside a write: profiles, sign-in events, triggers and roles after a migrate."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_migrate, post_save, pre_migrate, pre_save
from django.dispatch import receiver
from django.utils import timezone

from backoffice import changes, sealed
from backoffice.changes import UnauditedWrite
from backoffice.models import Audited, AuditEvent, Profile, User, UserActivity


@receiver(pre_save)
def refuse_raw_saves(sender: Any, raw: bool, **_: Any) -> None:
    """loaddata calls `Model.save_base` past every override; this signal is what it cannot pass."""
    if raw and issubclass(sender, Audited):
        raise UnauditedWrite(
            f"{sender.__name__} is audited: loaddata would leave no history. "
            "Load it through its services, or an import."
        )


@receiver(post_save, sender=User)
def make_profile(instance: User, created: bool, **_: Any) -> None:
    if created:
        Profile.objects.create(user=instance)
        UserActivity.objects.create(user=instance)


@receiver(post_save, sender=User)
def vouch_for_staff(instance: User, **_: Any) -> None:
    """An address that an administrator gave is confirmed; customers confirm theirs by letter."""
    if not instance.is_staff:
        return
    from allauth.account.models import EmailAddress

    mine = EmailAddress.objects.filter(user=instance)
    if not mine.filter(email=instance.email, verified=True, primary=True).exists():
        mine.delete()
        EmailAddress.objects.create(
            user=instance, email=instance.email, verified=True, primary=True
        )


@receiver(user_logged_in)
def note_sign_in(request: Any, user: User, **_: Any) -> None:
    UserActivity.objects.update_or_create(user=user, defaults={"signed_in_at": timezone.now()})
    if (change := changes.current()) is not None and not change.is_written:
        change.actor = user
        change.fill(action="auth.sign_in")
        # One page for everybody; whoever works here came in to work.
        if user.is_staff and change.channel == "shop":
            change.channel = "admin"
    AuditEvent.record("sign_in", subject=user)


@receiver(user_logged_out)
def note_sign_out(request: Any, user: User | None, **_: Any) -> None:
    if user is not None:
        AuditEvent.record("sign_out", subject=user)


@receiver(user_login_failed)
def note_failed_sign_in(credentials: dict[str, Any], **_: Any) -> None:
    email = str(credentials.get("email") or credentials.get("username") or "").lower()
    known = User.objects.filter(email=email).first()
    # The typed name may be anything, even a password: it is kept only as the account it names.
    if (change := changes.current()) is not None:
        change.fill(action="auth.sign_in_failed")
        AuditEvent.record("sign_in_failed", subject=known)


@receiver(pre_migrate)
def lift_triggers(app_config: Any, plan: list[Any] | None = None, **_: Any) -> None:
    """A table whose columns change cannot keep triggers on them; post_migrate puts them back."""
    from backoffice.seals import epochs

    if plan and app_config.label == "backoffice":
        epochs.before_migrate(plan)
        sealed.uninstall()


@receiver(post_migrate)
def finish_migrate(app_config: Any, **_: Any) -> None:
    """After the last app: triggers, then roles (their permissions exist only now)."""
    from backoffice import roles
    from backoffice.seals import epochs

    with_models = [c for c in apps.get_app_configs() if c.models_module is not None]
    if app_config.label == with_models[-1].label:
        sealed.install()
        epochs.after_migrate()
        roles.sync_roles(app_config)
