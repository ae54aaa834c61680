"""Saved recipes: how suppliers' columns become ours; renamed, archived, and carried as text."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.admin import nightly_acts
from backoffice.admin.nightly_acts import NIGHTLY_ACTS
from backoffice.adminkit import timeline
from backoffice.adminkit.acts import Act
from backoffice.adminkit.console import ConsoleAdmin, Queue, badge
from backoffice.adminkit.import_mapping import BLANKS, words_of_reading
from backoffice.adminkit.timeline import in_words
from backoffice.cards import NavItem, register
from backoffice.flows import Ask
from backoffice.imports import own_recipes
from backoffice.imports.recipe_text import MAX_CHARACTERS
from backoffice.imports.sheets import Sheet, all_sheets
from backoffice.models import ImportRecipe, ImportRun, User
from backoffice.refused import NotAllowed, Refused, Text

WHY = Ask("reason", gettext_lazy("Why"), kind="line")
VIEW = "backoffice.view_importrecipe"


def _sheets() -> dict[str, Sheet]:
    return {sheet.name: sheet for sheet in all_sheets()}


def _may_write(user: User) -> bool:
    return any(user.has_perm(sheet.import_permission) for sheet in all_sheets())


def _refusal_for(row: ImportRecipe, user: User) -> Refused | None:
    """Return why a recipe is not this person's to change: its sheet is not theirs to load."""
    sheet = _sheets().get(row.sheet)
    if sheet is None or user.has_perm(sheet.import_permission):
        return None
    return NotAllowed(what=sheet.import_words)


def _old_name(row: ImportRecipe) -> dict[str, Any]:
    return {"initial": row.name}


class TextForm(forms.Form):
    """A recipe as text, pasted or as a file."""

    text = forms.CharField(
        label=gettext_lazy("Text"),
        widget=forms.Textarea(attrs={"rows": 16}),
        max_length=MAX_CHARACTERS,
        required=False,
        strip=False,
    )
    file = forms.FileField(label=gettext_lazy("Or a file"), required=False)
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=own_recipes.NAME_MAX_LENGTH, required=False
    )

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or {}
        file = asked.get("file")
        if file is not None:
            # Bytes that are no text become marks that no recipe has: refused with a sentence.
            asked["text"] = file.read(MAX_CHARACTERS * 4).decode("utf-8-sig", "replace")
        if not (asked.get("text") or "").strip():
            self.add_error("text", _("Paste a recipe, or choose its file."))
        return asked


@admin.register(ImportRecipe)
class ImportRecipeAdmin(ConsoleAdmin):
    """The recipes that people saved; made where columns are assigned, or from text."""

    is_looked_at_only = True
    list_display = ("title", "supplier", "what", "columns", "who", "when")
    list_display_links = ("title",)
    list_select_related = ("owner",)
    search_fields = ("name", "supplier", "owner__email")
    search_help_text = gettext_lazy("Name, supplier, or who")
    ordering = ("name", "id")
    change_list_template = "backoffice/imports/recipe_list.html"
    queues = (
        Queue("in_use", gettext_lazy("In use"), lambda rows: rows.filter(is_archived=False)),
        Queue(
            "archived",
            gettext_lazy("Archived"),
            lambda rows: rows.filter(is_archived=True),
            is_counted=False,
        ),
    )
    acts = (
        Act(
            name="rename",
            label=gettext_lazy("Rename"),
            permission=VIEW,
            asks=(
                Ask("name", gettext_lazy("Name"), kind="line", required=True, about=_old_name),
                WHY,
            ),
            icon="edit",
            key="recipe",
            one=own_recipes.rename_recipe,
            done=gettext_lazy("“{row}” has another name now."),
            refusal_for=_refusal_for,
            applies=lambda row: not row.is_archived,
        ),
        Act(
            name="archive",
            label=gettext_lazy("Archive"),
            permission=VIEW,
            asks=(WHY,),
            tone="danger",
            icon="archive",
            key="recipe",
            one=own_recipes.archive_recipe,
            effect=gettext_lazy("files with these columns are no longer known by it"),
            done=gettext_lazy("“{row}” is archived."),
            dismiss=gettext_lazy("Keep it"),
            refusal_for=_refusal_for,
            applies=lambda row: not row.is_archived,
        ),
        *NIGHTLY_ACTS,
    )

    # --- The list ------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("Recipe"), ordering="name")
    def title(self, row: ImportRecipe) -> str:
        return row.name

    @admin.display(description=gettext_lazy("Sheet"), ordering="sheet")
    def what(self, row: ImportRecipe) -> Text:
        sheet = _sheets().get(row.sheet)
        return sheet.label if sheet is not None else row.sheet

    @admin.display(description=gettext_lazy("Columns"))
    def columns(self, row: ImportRecipe) -> str:
        used = [ours for ours in _mapping(row).values() if ours]
        return f"{len(used)}"

    @admin.display(description=gettext_lazy("Made by"), ordering="owner__email")
    def who(self, row: ImportRecipe) -> str:
        return str(row.owner)

    @admin.display(description=gettext_lazy("When"), ordering="id")
    def when(self, row: ImportRecipe) -> str:
        return in_words(row.created_at)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = dict(extra_context or {})
        if _may_write(request.user):
            context["from_text_url"] = self.admin_path("from_text")
        return super().changelist_view(request, context)

    # --- Addresses -----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        stem = "backoffice_importrecipe"
        return [
            path("from-text/", wrap(self.from_text_view), name=f"{stem}_from_text"),
            path("<path:object_id>/recipe.toml", wrap(self.text_view), name=f"{stem}_text"),
            *super().get_urls(),
        ]

    def text_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send a recipe as text, to be kept or carried to another console."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        name = f"{slugify(row.name) or 'recipe'}.toml"
        return HttpResponse(
            own_recipes.as_text(row),
            content_type="application/toml; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def from_text_view(self, request: HttpRequest) -> HttpResponse:
        """GET: ask for a text; POST: save the recipe that it holds."""
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        if not _may_write(request.user):
            raise PermissionDenied
        show = partial(self._text_page, request)
        if request.method != "POST":
            return show(TextForm())
        form = TextForm(request.POST, request.FILES)
        if not form.is_valid():
            return show(form, status=422)
        try:
            row = own_recipes.from_text(
                form.cleaned_data["text"],
                name=form.cleaned_data["name"],
                by=request.user,
                reason=_("A recipe from text"),
            )
        except Refused as refused:
            return show(form, refused=refused, status=refused.http_status)
        messages.success(request, _("“{recipe}” was saved.").format(recipe=row.name))
        return redirect(self._landing(request, row))

    # --- One recipe ----------------------------------------------------------------------------

    def row_page(self, request: HttpRequest, row: ImportRecipe) -> HttpResponse:
        """Show what a recipe assigns, and how a file of it is read."""
        choices = own_recipes.choices_of(row)
        sheet = _sheets().get(row.sheet)
        ours = sheet.columns() if sheet is not None else {}
        labels = {name: column.label for name, column in ours.items()}
        blanks = dict(BLANKS)
        context = {
            **self.admin_site.each_context(request),
            "title": row.name,
            "opts": self.opts,
            "object": row,
            "recipe": row,
            "offers": self.row_offers(request, row),
            "state": badge(_("Archived")) if row.is_archived else "",
            "sheet_label": sheet.label if sheet is not None else row.sheet,
            "columns": [
                (theirs, labels.get(name, name), blanks.get(choices.blanks.get(name, ""), ""))
                for theirs, name in _mapping(row).items()
            ],
            "defaults": [
                (labels.get(name, name), value) for name, value in choices.defaults.items()
            ],
            "reading": words_of_reading(choices.reading),
            "nightly": nightly_acts.words_of(row),
            "mode": ImportRun.Mode(row.content["mode"]).label if row.content.get("mode") else "",
            "text_url": self.admin_path("text", row.pk),
            "entries": timeline.page_of(ImportRecipe, row.pk, reader=request.user)[0],
            "can_see_change_sets": request.user.has_perm("backoffice.view_changeset"),
        }
        return TemplateResponse(request, "backoffice/imports/recipe.html", context)

    # --- Inside --------------------------------------------------------------------------------

    def _landing(self, request: HttpRequest, row: ImportRecipe) -> str:
        if self.has_view_permission(request):
            return self.admin_path("change", row.pk)
        return reverse("admin:index")

    def _text_page(
        self,
        request: HttpRequest,
        form: TextForm,
        *,
        refused: Refused | None = None,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("A recipe from text"),
            "opts": self.opts,
            "form": form,
            "refused": refused,
            "list_url": self.admin_path("changelist"),
        }
        return TemplateResponse(
            request, "backoffice/imports/recipe_text.html", context, status=status
        )


def _mapping(row: ImportRecipe) -> dict[str, str]:
    return dict(own_recipes.choices_of(row).mapping or {})


register(
    NavItem(
        name="import_recipes",
        label=gettext_lazy("Import recipes"),
        url="admin:backoffice_importrecipe_changelist",
        query="queue=in_use",
        permission=VIEW,
        icon="join_inner",
        group=gettext_lazy("Audit"),
        order=825,
        words="supplier mapping columns sheet csv xlsx",
    ),
)
