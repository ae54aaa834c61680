"""Forms of the console: a dialog's questions, and what every edit form carries along."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from unfold import widgets as unfold

from backoffice.adminkit.units import UnitsField
from backoffice.flows import Ask
from backoffice.ids import uuid7

if TYPE_CHECKING:
    Field = forms.Field
else:
    Field = object

CHIPS_UP_TO = 6
FIRST_YEAR, LAST_YEAR = 1900, 2999
PLAIN_NUMBER = re.compile(r"[0-9.,+-]*")
INPUT = " ".join(unfold.BASE_INPUT_CLASSES)


class Chips(forms.RadioSelect):
    """Radio buttons as chips: one press instead of open, look, press."""

    template_name = "backoffice/widgets/chips.html"


class DayInput(forms.DateInput):
    """The browser's own date picker: works in a late dialog, on phones, by keyboard."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(attrs={"class": INPUT}, format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(attrs={"class": INPUT}, format="%Y-%m-%dT%H:%M")


class MomentField(forms.DateTimeField):
    """A moment of our times: one at the calendar's edge is beyond it in another time zone."""

    def to_python(self, value: Any) -> Any:
        moment = super().to_python(value)
        if moment is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


class DayField(forms.DateField):
    """A day of our times."""

    def to_python(self, value: Any) -> Any:
        day = super().to_python(value)
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return day


class _PlainNumber(Field):
    """Python also reads “1_0”, “1e1” and other scripts' digits as ten: nobody means those."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and not PLAIN_NUMBER.fullmatch(value.strip()):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class LongTextField(forms.CharField):
    """A text of several lines: a browser counts a line's end once, and sends two characters."""

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n")


class WholeNumberField(_PlainNumber, forms.IntegerField):
    """A count that somebody types."""


class MoneyField(_PlainNumber, forms.DecimalField):
    """A sum that somebody types."""


def field_for(ask: Ask, row: Any = None) -> forms.Field:  # noqa: PLR0911  (one for each kind)
    """Return the form field of one question, about one row when it asks of its lines."""
    common = {
        "label": ask.label,
        "required": ask.required,
        "help_text": ask.help,
        "initial": ask.initial,
    }
    match ask.kind:
        case "lines":
            assert ask.rows is not None, f"the question {ask.name} does not say which lines"
            return UnitsField(ask.rows(row), **{**common, "initial": None})
        case "choice":
            return _choice_field(ask, common)
        case "flag":
            return forms.BooleanField(
                widget=unfold.UnfoldBooleanSwitchWidget(), **{**common, "required": False}
            )
        case "date":
            return DayField(widget=DayInput(), **common)
        case "moment":
            return MomentField(widget=MomentInput(), **common)
        case "number":
            return WholeNumberField(
                widget=forms.NumberInput(attrs={"class": INPUT, "step": "1"}), **common
            )
        case "money":
            return MoneyField(
                max_digits=12,
                decimal_places=2,
                widget=forms.TextInput(attrs={"class": INPUT, "inputmode": "decimal"}),
                **common,
            )
        case "line":
            return forms.CharField(
                max_length=255, widget=forms.TextInput(attrs={"class": INPUT}), **common
            )
        case _:
            rows = {"class": " ".join(unfold.TEXTAREA_CLASSES), "rows": 2}
            return LongTextField(max_length=4000, widget=forms.Textarea(attrs=rows), **common)


def _choice_field(ask: Ask, common: dict[str, Any]) -> forms.Field:
    choices = list(ask.choices() if callable(ask.choices) else ask.choices)
    if len(choices) <= CHIPS_UP_TO:
        return forms.ChoiceField(choices=choices, widget=Chips(), **common)
    return forms.ChoiceField(
        choices=[("", _("Select value")), *choices],
        widget=unfold.UnfoldAdminSelectWidget(),
        **common,
    )


def asked_of(asks: Sequence[Ask], row: Any) -> list[Ask]:
    """Return the questions as they are asked of one row; None: of a selection."""
    if row is None:
        return [ask for ask in asks if not ask.is_for_one]
    said = [(ask, ask.about(row) if ask.about is not None else {}) for ask in asks]
    return [replace(ask, **more) if more else ask for ask, more in said if more is not None]


class ActForm(forms.Form):
    """A dialog's questions, with what makes a second press of its button harmless.

    row: what the questions are about; None for a selection. preset: answers that the address
    brings along, shown to be confirmed.
    """

    use_required_attribute = False

    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    row_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    next_page = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)

    def __init__(
        self,
        asks: Sequence[Ask],
        data: Any = None,
        *,
        row: Any = None,
        version: int | None = None,
        next_page: str = "",
        preset: Any = None,
    ) -> None:
        start = {"idempotency_key": uuid7().hex, "row_version": version, "next_page": next_page}
        super().__init__(data, initial=start)
        self.asks = tuple(asked_of(asks, row))
        for ask in self.asks:
            self.fields[ask.name] = field_for(ask, row)
            widget = self.fields[ask.name].widget
            # Of a switch that is off nothing is sent, so only one that is named was answered.
            is_said = ask.kind != "flag" or ask.name in (preset or {})
            if preset and is_said and not widget.value_omitted_from_data(preset, {}, ask.name):
                self.initial[ask.name] = widget.value_from_datadict(preset, {}, ask.name)
        first = next(iter(self.asks), None)
        if first is not None and first.kind in {"line", "text", "number", "money"}:
            self.fields[first.name].widget.attrs["autofocus"] = True

    @property
    def answers(self) -> dict[str, Any]:
        """What was answered, by the verb's keywords."""
        return {ask.name: self.cleaned_data[ask.name] for ask in self.asks}

    @property
    def questions(self) -> list[forms.BoundField]:
        return [self[ask.name] for ask in self.asks]

    def renew_key(self) -> None:
        """Give the form shown again a key of its own: the refused one is spent."""
        self.data = self.data.copy()
        self.data["idempotency_key"] = uuid7().hex


def time_zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())]


class ProfileForm(forms.Form):
    """What people say about themselves: everybody for themselves, in the console and outside."""

    avatar = forms.FileField(
        label=_("Picture"),
        required=False,
        help_text=_("JPEG, PNG, WebP or GIF; a small square of it is kept."),
        widget=forms.FileInput(attrs={"class": "bo-file", "accept": "image/*"}),
    )
    removes_avatar = forms.BooleanField(
        label=_("Remove the picture"),
        required=False,
        widget=unfold.UnfoldBooleanSwitchWidget,
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"class": INPUT, "autocomplete": "tel", "type": "tel"}),
    )
    born_on = DayField(label=_("Birth date"), required=False, widget=DayInput)
    bio = LongTextField(
        label=_("About you"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"class": " ".join(unfold.TEXTAREA_CLASSES), "rows": 4}),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zones,
        initial="UTC",
        help_text=_("All times are shown in it."),
        widget=unfold.UnfoldAdminSelect2Widget,
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, widget=unfold.UnfoldAdminSelectWidget
    )

    # How the verb names what it refuses.
    LABELS = ("phone", "born_on", "bio", "time_zone", "language")

    @classmethod
    def of(cls, profile: Any, data: Any = None, files: Any = None) -> ProfileForm:
        """Return the form as a profile stands, or as it was sent."""
        start = {
            "phone": profile.phone,
            "born_on": profile.born_on,
            "bio": profile.bio,
            "time_zone": profile.time_zone,
            "language": profile.language or settings.LANGUAGE_CODE,
        }
        form = cls(data, files, initial=start)
        form.picture = profile.avatar
        if not profile.avatar:
            del form.fields["removes_avatar"]
        return form

    @property
    def answers(self) -> dict[str, Any]:
        return dict(self.cleaned_data)

    def field_of(self, refused: Any) -> str | None:
        """Return the field that a refusal speaks of."""
        label = str(refused.facts.get("field", ""))
        if not label:
            return "avatar"
        return next((n for n in self.LABELS if str(self.fields[n].label) == label), None)


class ConsoleForm(forms.ModelForm):
    """An edit form that says which version it was filled from, and why it changes something.

    `cleaned_data["reason"]` and `cleaned_data["version"]` go to the service as they are.
    """

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=4000,
        help_text=_("Why? One sentence for whoever asks next month."),
        widget=forms.TextInput(attrs={"class": INPUT, "autocomplete": "off"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    # What the service refused when this very form was sent; shown above the fields.
    refused: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.formsets: Sequence[Any] = ()
        self.initial["version"] = getattr(self.instance, "version", None)
        if self.is_bound and "merge" in self.data:
            self._keep_theirs()

    def _keep_theirs(self) -> None:
        """After a conflict: fields that are not ticked keep what is in the table now."""
        mine = set(self.data.getlist("mine"))
        for name, field in self.fields.items():
            if name not in {"reason", "version"} and name not in mine:
                field.disabled = True

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refused is not None:
            self.add_error(None, str(self.refused))
        return cleaned


def with_reason(form: type[forms.BaseModelForm]) -> type[forms.BaseModelForm]:
    """Return the form class with reason and version, whatever form an admin declares."""
    if issubclass(form, ConsoleForm):
        return form
    return type(form.__name__, (ConsoleForm, form), {})
