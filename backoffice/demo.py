"""Sample data: one sign-in per role here; the apps add their parts in their own `demo.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.contrib.auth.models import Group
from django.utils.module_loading import autodiscover_modules

from backoffice import changes, roles
from backoffice.models import User

PASSWORD = "harbour-and-pine"  # noqa: S105  (of the sample sign-ins; printed on purpose)

NAMES = {
    "support": ("Sofia", "Lindqvist"),
    "fulfilment": ("Femi", "Adeyemi"),
    "merchandiser": ("Marta", "Kowalska"),
    "finance": ("Felix", "Brandt"),
    "auditor": ("Aoife", "Byrne"),
    "manager": ("Mateo", "Ferrari"),
    "admin": ("Ada", "Novak"),
}

# What one part of the sample data says about itself: the words that `demo` prints.
Part = Callable[[], str]

_parts: dict[str, Part] = {}


def part(name: str) -> Callable[[Part], Part]:
    """Decorator: this function loads a part of the sample data, once; it returns what it did."""

    def register(load: Part) -> Part:
        _parts[name] = load
        return load

    return register


def parts() -> Iterable[tuple[str, Part]]:
    """Return the parts in the order of the installed apps."""
    autodiscover_modules("demo")
    return _parts.items()


def account(role: str) -> User:
    """Return the sample sign-in of a role."""
    return User.objects.get(email=email_of(role))


def email_of(role: str) -> str:
    return f"{role}@example.com"


@part("sign-ins")
def load_sign_ins() -> str:
    """Make one account per role; existing ones keep what was changed about them."""
    made = 0
    for role in roles.table():
        if User.objects.filter(email=email_of(role)).exists():
            continue
        first, last = NAMES[role]
        with changes.change(action="demo.sign_in", separate=True):
            user = User.objects.create_user(
                email_of(role), PASSWORD, is_staff=True, first_name=first, last_name=last
            )
            user.groups.add(Group.objects.get(name=role))
        made += 1
    return f"{made} made" if made else "already there"
