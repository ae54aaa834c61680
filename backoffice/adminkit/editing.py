"""Saving in the console: a service writes, a refusal becomes a sentence, a conflict a choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.admin.utils import display_for_value
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst

from backoffice import changes
from backoffice.adminkit import timeline
from backoffice.adminkit.forms import ConsoleForm, with_reason
from backoffice.changes import UnauditedWrite
from backoffice.refused import Refused, StaleVersion

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Base = ModelAdmin[Any]
else:
    Base = object

CARRIED = frozenset({"reason", "version"})


@dataclass(frozen=True)
class Conflict:
    """One field of a conflict: what it was, what it is now, what this person typed."""

    name: str
    label: str
    base: str
    theirs: str
    mine: str
    i_changed: bool
    they_changed: bool


class SavesByService(Base):
    """The part of ConsoleAdmin that saves: `perform_save` calls a service, nothing else writes."""

    form = ConsoleForm
    asks_reason = True
    # True when perform_save hands `form.formsets` to its service itself.
    inlines_saved_by_service = False

    # --- What subclasses say -------------------------------------------------------------------

    def perform_save(
        self, request: HttpRequest, form: Any, obj: models.Model, *, change: bool
    ) -> models.Model:
        """Save by calling a service; return the saved row. Raises Refused.

        `form.cleaned_data` has "reason" and "version"; `form.changed_data` the columns that were
        edited; `form.formsets` the inlines. An admin without it can only be looked at.
        """
        raise UnauditedWrite(f"{type(self).__name__} has no service to save with.")

    @property
    def can_save(self) -> bool:
        return type(self).perform_save is not SavesByService.perform_save

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.can_save and super().has_add_permission(request, *args)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_save and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes, unless an admin says otherwise (and calls a service)."""
        return False

    # --- Django's seams ------------------------------------------------------------------------

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("form", with_reason(self.form))
        form = super().get_form(request, obj, change, **kwargs)
        form.refused = getattr(request, "console_refused", None)
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Reason and version stand at the foot of the page, not among the fields."""
        fieldsets = super().get_fieldsets(request, obj)
        if self.fieldsets or self.fields:
            return fieldsets
        return [
            (name, {**options, "fields": [f for f in options["fields"] if f not in CARRIED]})
            for name, options in fieldsets
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            response = super().changeform_view(request, object_id, form_url, extra_context)
        except StaleVersion as stale:
            return self._conflict_page(request, stale)
        except Refused as refused:
            # The transaction is rolled back; the same form again, now with the sentence in it.
            request.console_refused = refused
            response = super().changeform_view(request, object_id, form_url, extra_context)
            response.status_code = refused.http_status
            return response
        if request.method == "POST" and isinstance(response, TemplateResponse):
            response.status_code = 422
        return response

    def _create_formsets(self, request: HttpRequest, obj: Any, change: bool) -> Any:
        formsets, inlines = super()._create_formsets(request, obj, change)
        request.console_formsets = formsets
        return formsets, inlines

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        request.console_form = form
        form.formsets = getattr(request, "console_formsets", ())
        sent = form.cleaned_data.get("version")
        if change and sent is not None and sent != form.initial.get("version"):
            raise StaleVersion(what=obj, theirs=form.initial.get("version"), yours=sent)
        if (open_change := changes.current()) is not None:
            open_change.fill(note=form.cleaned_data.get("reason", ""), by=request.user)
        saved = self.perform_save(request, form, obj, change=change)
        if saved is not obj:
            obj.__dict__.update(saved.__dict__)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Write inlines only through services; Django's own would leave no trace."""
        if self.inlines_saved_by_service:
            return
        for formset in formsets:
            if formset.has_changed():
                self.save_formset(request, form, formset, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        raise UnauditedWrite(f"{type(self).__name__} has no service for {formset.model.__name__}.")

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Our history is the log; django_admin_log would be a second truth."""

    log_change = log_addition

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[Any]:
        """Django's words ask formsets what they saved; ours save nothing, and nobody reads them."""
        return []

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """See log_addition."""

    # --- The conflict page ---------------------------------------------------------------------

    def _conflict_page(self, request: HttpRequest, stale: StaleVersion) -> HttpResponse:
        """Show both values, field by field, with the way to keep either."""
        sent_form = request.console_form
        row = self.model._default_manager.get(pk=sent_form.instance.pk)
        # The sentence names the row as it is, not as this person wanted to call it.
        stale = StaleVersion(**{**stale.facts, "what": row})
        now_form = type(sent_form)(instance=row)
        base = self._version_of(row, sent_form.cleaned_data.get("version"))
        base_form = type(sent_form)(instance=base.instance) if base is not None else None
        conflicts = []
        for name in sent_form.fields:
            if name in CARRIED:
                continue
            theirs, mine = _text(now_form, name), _text(sent_form, name)
            was = _text(base_form, name) if base_form is not None else ""
            if theirs == mine:
                continue
            conflicts.append(
                Conflict(
                    name=name,
                    label=str(capfirst(sent_form[name].label)),
                    base=was,
                    theirs=theirs,
                    mine=mine,
                    i_changed=base_form is None or mine != was,
                    they_changed=base_form is None or theirs != was,
                )
            )
        skipped = {"version", "csrfmiddlewaretoken", "merge", "mine"}
        context = {
            **self.admin_site.each_context(request),
            "title": stale.message,
            "opts": self.opts,
            "original": row,
            "stale": stale,
            "conflicts": [c for c in conflicts if c.i_changed],
            "merged": [c for c in conflicts if not c.i_changed],
            "last": timeline.page_of(self.model, row.pk, reader=request.user)[0][:1]
            if timeline.history_model_of(self.model)
            else [],
            "sent": [
                (key, value)
                for key, values in request.POST.lists()
                if key not in skipped
                for value in values
            ],
            "version": getattr(row, "version", None),
            "change_url": self.admin_path("change", row.pk),
        }
        return TemplateResponse(request, "backoffice/conflict.html", context, status=409)

    def _version_of(self, row: Any, version: int | None) -> Any:
        """Return the history row of the version that the form was filled from."""
        if timeline.history_model_of(self.model) is None or version is None:
            return None
        return timeline.history_rows(self.model, row.pk).filter(version=version).first()


def _text(form: Any, name: str) -> str:
    """Return a form field's value in words: what was sent, or what the row has."""
    field = form.fields[name]
    if form.is_bound:
        value = form.cleaned_data.get(name)
    else:
        value = form.get_initial_for_field(field, name)
        if hasattr(field, "queryset") and value not in (None, ""):
            value = (
                field.queryset.filter(pk=value).first() if not isinstance(value, list) else value
            )
    if isinstance(value, list | tuple | models.QuerySet):
        return ", ".join(sorted(str(item) for item in value)) or timeline.EMPTY
    choices = getattr(field, "choices", None)
    if choices is not None and not hasattr(field, "queryset"):
        labels = {str(key): str(label) for key, label in choices}
        return labels.get(str(value), timeline.in_words(value))
    if isinstance(value, models.Model):
        return str(value)
    return timeline.in_words(value) if value is not False else display_for_value(False, "")
