"""Saved views: the counts in their tabs, and the dialogs that save, rename, share and delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from backoffice import saved_views
from backoffice.adminkit.acts import Act
from backoffice.adminkit.answers import answer_redirect, came_from, is_htmx, safe_path
from backoffice.adminkit.console import ConsoleAdmin
from backoffice.adminkit.forms import ActForm
from backoffice.adminkit.lists import ALL_ROWS, QUEUE_COUNT_UP_TO, capped, capped_count
from backoffice.adminkit.pages import page
from backoffice.adminkit.views import ViewBar
from backoffice.flows import Ask
from backoffice.idempotency import once
from backoffice.models import SavedView
from backoffice.refused import Refused

# More tabs than fit beside each other are not counted: each count is a query.
MOST_COUNTED = 8
NOBODY = "nobody"
Verb = Callable[[dict[str, Any]], str]


@page("views/of/<str:label>/counts/", name="view_counts")
@require_safe
def counts_view(request: HttpRequest, label: str) -> HttpResponse:
    """Answer the counts of the tabs, each put into its place by HTMX."""
    model_admin = _admin_of(request, label)
    queries = {ALL_ROWS: ""}
    for view in saved_views.views_for(request.user, label)[:MOST_COUNTED]:
        queries[str(view.uuid)] = saved_views.canonical(label, view.query)
    counts = []
    for key, query in queries.items():
        rows = model_admin.count_of(request, query)
        if rows is not None:
            counts.append((key, capped(capped_count(rows, QUEUE_COUNT_UP_TO), QUEUE_COUNT_UP_TO)))
    return TemplateResponse(request, "backoffice/view_counts.html", {"counts": counts})


@page("views/of/<str:label>/save/", name="view_save")
@require_http_methods(["GET", "HEAD", "POST"])
def save_view(request: HttpRequest, label: str) -> HttpResponse:
    """Save the filters in the address under a name."""
    model_admin = _admin_of(request, label)
    _require(request, saved_views.KEEP)
    query = request.GET.urlencode()
    asks = [_name_ask()]
    if request.user.has_perm(saved_views.SHARE):
        asks.append(_role_ask(label))
    asks.append(Ask("is_default", gettext_lazy("Open the list with it"), kind="flag"))

    def save(answers: dict[str, Any]) -> str:
        view = saved_views.save_view(
            label=label,
            name=answers["name"],
            query=query,
            by=request.user,
            role_id=_role_id(answers.get("role", NOBODY)),
            is_default=answers["is_default"],
        )
        messages.success(request, _("“{name}” is saved.").format(name=view.name))
        return model_admin.view_bar(request).url_of(view)

    act = Act("save_view", gettext_lazy("Save view"), saved_views.KEEP, asks=asks)
    return _dialog(request, act, save, model_admin.view_bar(request), act.label)


@page("views/<uuid:uuid>/<str:name>/", name="view_act")
@require_http_methods(["GET", "HEAD", "POST"])
def act_view(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Rename, update, share or delete a view, or let one's list open with it."""
    view = SavedView.objects.filter(uuid=uuid).first()
    if view is None or name not in DIALOGS:
        raise Http404
    model_admin = _admin_of(request, view.list)
    view = saved_views.views_for(request.user, view.list).filter(pk=view.pk).first()
    if view is None:
        raise Http404
    _require(request, saved_views.SHARE if name == "share" else saved_views.KEEP)
    bar = model_admin.view_bar(request)
    act, verb = DIALOGS[name](request, view, bar)
    return _dialog(request, act, verb, bar, f"{act.label}: {view.name}")


def _rename(request: HttpRequest, view: SavedView, bar: ViewBar) -> tuple[Act, Verb]:
    def rename(answers: dict[str, Any]) -> str:
        saved_views.rename_view(view_id=view.pk, name=answers["name"], by=request.user)
        return ""

    asks = [_name_ask(view.name)]
    return Act("rename", gettext_lazy("Rename"), saved_views.KEEP, asks=asks), rename


def _update(request: HttpRequest, view: SavedView, bar: ViewBar) -> tuple[Act, Verb]:
    def update(answers: dict[str, Any]) -> str:
        query = request.GET.urlencode()
        return bar.url_of(saved_views.update_view(view_id=view.pk, query=query, by=request.user))

    words = gettext_lazy("the view then shows what the list shows now")
    return Act("update", gettext_lazy("Update"), saved_views.KEEP, effect=words), update


def _share(request: HttpRequest, view: SavedView, bar: ViewBar) -> tuple[Act, Verb]:
    def share(answers: dict[str, Any]) -> str:
        role_id = _role_id(answers["role"])
        saved_views.share_view(view_id=view.pk, role_id=role_id, by=request.user)
        return ""

    asks = [_role_ask(view.list, view.role_id)]
    return Act("share", gettext_lazy("Share"), saved_views.SHARE, asks=asks), share


def _default(request: HttpRequest, view: SavedView, bar: ViewBar) -> tuple[Act, Verb]:
    is_default = view != bar.default

    def choose(answers: dict[str, Any]) -> str:
        saved_views.make_default(view_id=view.pk, by=request.user, is_default=is_default)
        return bar.url_of(view)

    label = gettext_lazy("Make default") if is_default else gettext_lazy("Open with all rows")
    words = (
        gettext_lazy("the list opens with it, for you alone; “All” stays the first tab")
        if is_default
        else gettext_lazy("the list opens with all its rows again, for you alone")
    )
    return Act("default", label, saved_views.KEEP, effect=words), choose


def _delete(request: HttpRequest, view: SavedView, bar: ViewBar) -> tuple[Act, Verb]:
    def delete(answers: dict[str, Any]) -> str:
        saved_views.delete_view(view_id=view.pk, by=request.user)
        messages.success(request, _("“{name}” is deleted.").format(name=view.name))
        return bar.all_url

    words = (
        gettext_lazy("it goes for everybody who sees it; no row of the list is touched")
        if view.role_id
        else gettext_lazy("no row of the list is touched")
    )
    options: dict[str, Any] = {"effect": words, "dismiss": gettext_lazy("Keep view")}
    return Act("delete", gettext_lazy("Delete"), saved_views.KEEP, tone="danger", **options), delete


DIALOGS = {
    "rename": _rename,
    "update": _update,
    "share": _share,
    "default": _default,
    "delete": _delete,
}


def _dialog(request: HttpRequest, act: Act, verb: Verb, bar: ViewBar, title: Any) -> HttpResponse:
    """GET: the dialog; POST: do it. Refused: the dialog again, with the sentence."""
    refused, status = None, 200
    form = ActForm(act.asks, next_page=came_from(request))
    if request.method == "POST":
        form = ActForm(act.asks, request.POST)
        status = 422
        if form.is_valid():
            try:
                location = once(
                    by=request.user,
                    key=form.cleaned_data["idempotency_key"],
                    content={"act": request.get_full_path(), "answers": form.answers},
                    work=lambda: verb(form.answers),
                )
            except Refused as error:
                form.renew_key()
                refused, status = error, error.http_status
            else:
                back = safe_path(request, form.cleaned_data["next_page"])
                return answer_redirect(request, location or back or bar.all_url)
    context = {
        "act": act,
        "form": form,
        "refused": refused,
        "dialog_title": title,
        "button": act.label,
        "action_url": request.get_full_path(),
        "back_url": safe_path(request, str(form["next_page"].value() or "")) or bar.all_url,
    }
    if is_htmx(request):
        return TemplateResponse(request, "backoffice/act_dialog.html", context, status=status)
    shown = {**admin.site.each_context(request), **context, "title": act.label}
    return TemplateResponse(request, "backoffice/act_page.html", shown, status=status)


def _admin_of(request: HttpRequest, label: str) -> ConsoleAdmin:
    """Return the admin whose list it is; 404 for no list, 403 for one that is closed to them."""
    for model, model_admin in admin.site._registry.items():
        if model._meta.label_lower == label and isinstance(model_admin, ConsoleAdmin):
            if not model_admin.has_view_permission(request):
                raise PermissionDenied
            return model_admin
    raise Http404


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _name_ask(name: str = "") -> Ask:
    return Ask("name", gettext_lazy("Name"), kind="line", required=True, initial=name)


def _role_ask(label: str, role_id: int | None = None) -> Ask:
    roles = [(str(role.pk), role.name) for role in saved_views.roles_for(label)]
    return Ask(
        "role",
        gettext_lazy("Shared with"),
        kind="choice",
        required=True,
        choices=[(NOBODY, gettext_lazy("Nobody else")), *roles],
        initial=str(role_id) if role_id else NOBODY,
    )


def _role_id(answer: str) -> int | None:
    return None if answer == NOBODY else int(answer)
