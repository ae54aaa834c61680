"""Saved views: what people do with the filters of a list under a name. How they look is not here.

A list says here which parameters it knows (`serve`), so that a view holds no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import Case, QuerySet, When
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history
from backoffice.models import DefaultView, SavedView, User
from backoffice.models.views import SavedViewQuerySet
from backoffice.refused import BadValue, NotAllowed, Refused, UnknownRow
from backoffice.steps import require_permission

KEEP = "backoffice.keep_savedview"
SHARE = "backoffice.share_savedview"
MOST_PER_LIST = 20
NAME_LENGTH, QUERY_LENGTH = 60, 2_000
# A list has some twenty parameters; a longer address is nobody's filters.
MOST_PARAMETERS = 200


class ViewNameTaken(Refused):
    """facts: name."""

    sentence = _("You have a view called “{name}” for this list already.")
    hint = _("Choose another name, or update that one.")
    http_status = 409


class TooManyViews(Refused):
    """facts: limit."""

    sentence = _("You have {limit} views of this list already.")
    hint = _("Delete one that you no longer need.")
    http_status = 409


class NothingToSave(Refused):
    sentence = _("There is no filter, search or order to save.")
    hint = _("Narrow the list first.")


class PersonalView(Refused):
    sentence = _("A view cannot keep an e-mail address: what a view held stays in the record.")
    hint = _("Save the view without it, and search when you need it.")


class NotYourView(Refused):
    """facts: name, owner."""

    sentence = _("“{name}” belongs to {owner}.")
    hint = _("Save the filters under a name of your own.")
    http_status = 403


@dataclass(frozen=True)
class ListOfRows:
    """A list that has views: who may see it, and which parameters it knows."""

    permissions: tuple[str, ...]
    knows: Callable[[str], bool]


_lists: dict[str, ListOfRows] = {}


def serve(label: str, *, permissions: tuple[str, ...], knows: Callable[[str], bool]) -> None:
    """Say that a list has views. permissions: one of them opens the list."""
    _lists[label] = ListOfRows(permissions, knows)


def canonical(label: str, query: str) -> str:
    """Return what a list understands of a query string, in one order and without its page."""
    pairs = _pairs(query)
    return urlencode(sorted({(k, v) for k, v in pairs if _list(label).knows(k)}))


def forgotten(label: str, query: str) -> list[str]:
    """Return the parameters of a view's query that its list does not know any more."""
    return sorted({name for name, _value in _pairs(query) if not _list(label).knows(name)})


def views_for(user: User, label: str) -> SavedViewQuerySet:
    """Return the views of a list that somebody sees, with `is_default`: own ones first.

    Whoever may share sees every shared one: somebody has to be able to put it away.
    """
    seen = SavedView.objects.of(label).seen_by(user, sees_all_shared=user.has_perm(SHARE))
    own_first = Case(When(owner_id=user.pk, then=0), default=1)
    found = seen.with_default_of(user).select_related("owner", "role")
    return found.order_by(own_first, "name", "pk")


def roles_for(label: str) -> QuerySet[Group]:
    """Return the roles that see a list: a view shared with another one would be nobody's."""
    opens = _list(label).permissions
    app = label.partition(".")[0]
    codenames = [name.partition(".")[2] for name in opens]
    return (
        Group.objects.filter(
            permissions__content_type__app_label=app, permissions__codename__in=codenames
        )
        .distinct()
        .order_by("name")
    )


def save_view(
    *, label: str, name: str, query: str, by: User, role_id: int | None = None,
    is_default: bool = False,
) -> SavedView:  # fmt: skip
    """Save a list's filters, search and order under a name.

    label: the list, as its model is called ("orders.order"). query: as its address has it; what
    the list does not know is dropped. role_id: the role that sees it, too.
    Refuses: NotAllowed (to see the list, to save, to share); BadValue; NothingToSave;
    PersonalView; ViewNameTaken; TooManyViews.
    Atomic: locks the person; one view with its history, and the person's default.
    """
    require_permission(by, KEEP, _("save views"))
    _require_list(by, label)
    role = _role(role_id, label, by)
    view = SavedView(list=label, name=_name(name), query=_query(label, query), owner=by, role=role)
    with _writing("save_view", by, view.name):
        # The limit holds for two that come at once, too.
        User.objects.select_for_update(no_key=True).filter(pk=by.pk).first()
        if SavedView.objects.of(label).filter(owner=by).count() >= MOST_PER_LIST:
            raise TooManyViews(limit=MOST_PER_LIST)
        view.save()
        if is_default:
            _choose(view, by)
    return view


def rename_view(*, view_id: int, name: str, by: User) -> SavedView:
    """Give one's own view another name.

    Refuses: NotAllowed; UnknownRow; NotYourView; BadValue; ViewNameTaken. Atomic: locks one view.
    """
    name = _name(name)
    with _writing("rename_view", by, name):
        view = _own(view_id, by)
        view.name = name
        view.save()
    return view


def update_view(*, view_id: int, query: str, by: User) -> SavedView:
    """Let one's own view show what the list shows now.

    Refuses: NotAllowed; UnknownRow; NotYourView; NothingToSave; PersonalView; BadValue.
    Atomic: locks one view.
    """
    with _writing("update_view", by):
        view = _own(view_id, by)
        view.query = _query(view.list, query)
        view.save()
    return view


def share_view(*, view_id: int, role_id: int | None, by: User) -> SavedView:
    """Show one's own view to a role; None: to nobody else any more.

    Those whose default it was find the whole list again when they do not see it any more.
    Refuses: NotAllowed; UnknownRow; NotYourView; BadValue. Atomic: locks one view.
    """
    require_permission(by, SHARE, _("share views"))
    with _writing("share_view", by):
        view = _own(view_id, by)
        view.role = _role(role_id, view.list, by)
        view.save()
        chosen = DefaultView.objects.select_for_update().filter(view=view).exclude(owner=by)
        history.delete_rows([row for row in chosen if not _sees(row.owner, view)])
    return view


def make_default(*, view_id: int, by: User, is_default: bool = True) -> SavedView:
    """Let a list open with this view, for oneself; or with all its rows again.

    Refuses: NotAllowed; UnknownRow, when one does not see it. Atomic: locks the view.
    """
    require_permission(by, KEEP, _("save views"))
    with _writing("make_default_view", by):
        view = _seen(view_id, by)
        if is_default:
            _choose(view, by)
        else:
            _forget(DefaultView.objects.filter(view=view, owner=by))
    return view


def delete_view(*, view_id: int, by: User) -> None:
    """Delete one's own view; whoever may share deletes anybody's shared one as well.

    Refuses: NotAllowed; UnknownRow; NotYourView.
    Atomic: locks one view; it and the defaults that named it go, with a history row each.
    """
    with _writing("delete_view", by):
        view = _own(view_id, by, lets_sharers=True)
        _forget(DefaultView.objects.filter(view=view))
        view.delete()


def may_change(view: SavedView, user: User) -> bool:
    """True when its owner asks, who may still save views. The verbs check again."""
    return view.owner_id == user.pk and user.has_perm(KEEP)


def may_delete(view: SavedView, user: User) -> bool:
    return may_change(view, user) or (view.role_id is not None and user.has_perm(SHARE))


def load_sample(*, label: str, name: str, query: str, role: str, by: User) -> str:
    """Save one shared view of the sample data, once; return what was done."""
    if SavedView.objects.of(label).filter(owner=by, name=name).exists():
        return "already there"
    role_id = Group.objects.get(name=role).pk
    with changes.change(channel="admin", by=by, separate=True):
        save_view(label=label, name=name, query=query, role_id=role_id, by=by)
    return f"“{name}” for {role}"


# --- Inside --------------------------------------------------------------------------------------


@contextmanager
def _writing(action: str, by: User, name: str = "") -> Iterator[None]:
    try:
        with transaction.atomic():
            changes.say(action=f"backoffice.{action}", by=by, reason="")
            yield
    except IntegrityError as error:
        # Of what is written here only a name may be there already: the constraint is the judge.
        raise ViewNameTaken(name=name) from error


def _list(label: str) -> ListOfRows:
    if label not in _lists:
        raise UnknownRow(what=_("list"), key=label[:NAME_LENGTH])
    return _lists[label]


def _require_list(by: User, label: str) -> None:
    if not (by.is_active and any(by.has_perm(name) for name in _list(label).permissions)):
        raise NotAllowed(what=_("see this list"))


def _seen(view_id: int, by: User) -> SavedView:
    seen = SavedView.objects.seen_by(by, sees_all_shared=by.has_perm(SHARE))
    view = seen.select_for_update(of=("self",)).filter(pk=view_id).first()
    if view is None:
        raise UnknownRow(what=_("view"), key=view_id)
    _require_list(by, view.list)
    return view


def _own(view_id: int, by: User, *, lets_sharers: bool = False) -> SavedView:
    require_permission(by, KEEP, _("save views"))
    view = _seen(view_id, by)
    if not (may_change(view, by) or (lets_sharers and may_delete(view, by))):
        raise NotYourView(name=view.name, owner=view.owner.get_short_name() or view.owner)
    return view


def _sees(user: User, view: SavedView) -> bool:
    seen = SavedView.objects.seen_by(user, sees_all_shared=user.has_perm(SHARE))
    return seen.filter(pk=view.pk).exists()


def _choose(view: SavedView, by: User) -> None:
    chosen = DefaultView.objects.select_for_update().filter(owner=by, list=view.list).first()
    chosen = chosen or DefaultView(owner=by, list=view.list)
    chosen.view = view
    chosen.save()


def _forget(chosen: QuerySet[DefaultView]) -> None:
    history.delete_rows(list(chosen.select_for_update().order_by("pk")))


def _role(role_id: int | None, label: str, by: User) -> Group | None:
    if role_id is None:
        return None
    require_permission(by, SHARE, _("share views"))
    role = roles_for(label).filter(pk=role_id).first()
    if role is None:
        raise BadValue(field=_("Shared with"), problem=_("this role does not see the list."))
    return role


def _name(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not name:
        raise BadValue(field=_("Name"), problem=_("a view needs one."))
    if len(name) > NAME_LENGTH:
        raise BadValue(
            field=_("Name"), problem=_("at most {most} letters.").format(most=NAME_LENGTH)
        )
    return name


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(query.removeprefix("?"), max_num_fields=MOST_PARAMETERS)
    except ValueError:  # more fields than any list has
        return []
    return [(name, value) for name, value in pairs if "\x00" not in name + value]


def _query(label: str, query: str) -> str:
    kept = canonical(label, query)
    if not kept:
        raise NothingToSave
    # Its history is sealed: an address in it would outlive the erasure of whose it is.
    if any("@" in value for _parameter, value in _pairs(kept)):
        raise PersonalView
    if len(kept) > QUERY_LENGTH:
        raise BadValue(field=_("Filters"), problem=_("they are too long to be saved."))
    return kept
