"""FilterSets whose inputs look like the console's, and a day range that keeps its last day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.validators import DecimalValidator
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django_filters.fields import RangeField
from django_filters.widgets import SuffixedMultiWidget
from unfold import widgets as unfold
from unfold.contrib.filters.admin import RangeDateFilter

from backoffice.adminkit.forms import INPUT, DayInput

SELECT = " ".join(unfold.SELECT_CLASSES)
CHECKBOXES_UP_TO = 12


def day_bounds(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """Return the moments [from, until) of whole days in the person's own time zone."""
    zone = timezone.get_current_timezone()
    # The first and the last day of the calendar bound nothing; beside them is no other day.
    start = datetime.combine(first, time.min, zone) if first and first > date.min else None
    if last is None or last == date.max:
        return start, None
    return start, datetime.combine(last + timedelta(days=1), time.min, zone)


def within_days(
    queryset: QuerySet[Any], field: str, first: date | None, last: date | None
) -> QuerySet[Any]:
    """Keep the rows whose moment lies on the days first to last, both included."""
    start, end = day_bounds(first, last)
    if start is not None:
        queryset = queryset.filter(**{f"{field}__gte": start})
    if end is not None:
        queryset = queryset.filter(**{f"{field}__lt": end})
    return queryset


class DayRangeWidget(SuffixedMultiWidget):
    template_name = "backoffice/widgets/day_range.html"
    suffixes = ["after", "before"]

    def __init__(self) -> None:
        super().__init__(widgets=[DayInput(), DayInput()])

    def decompress(self, value: slice | None) -> list[Any]:
        return [value.start, value.stop] if value else [None, None]


class DayRangeField(RangeField):
    widget = DayRangeWidget

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__((forms.DateField(), forms.DateField()), *args, **kwargs)


class DayRangeFilter(django_filters.Filter):
    """From day to day, both included, on a column of moments: `?placed_at_after=…&…_before=…`."""

    field_class = DayRangeField

    def filter(self, queryset: QuerySet[Any], value: slice | None) -> QuerySet[Any]:
        if not value:
            return queryset
        return within_days(queryset, self.field_name, value.start, value.stop)


class DayRangeForm(forms.Form):
    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part, label in (("from", _("From")), ("to", _("To"))):
            self.fields[f"{name}_{part}"] = forms.DateField(
                label=label, required=False, widget=DayInput()
            )


class DayRangeListFilter(RangeDateFilter):
    """For `list_filter`: the same law, as ("placed_at", DayRangeListFilter)."""

    form_class = DayRangeForm

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        form = self.form_class(self.parameter_name, self.used_parameters)
        if not form.is_valid():
            return queryset.none()
        name = self.parameter_name
        return within_days(
            queryset, name, form.cleaned_data[f"{name}_from"], form.cleaned_data[f"{name}_to"]
        )


# PostgreSQL refuses to compare a column with 1e5000000; no sum of ours is that long.
A_SUM = DecimalValidator(max_digits=12, decimal_places=2)


class ConsoleFilterSet(django_filters.FilterSet):
    """A FilterSet whose inputs are visible in the console's filter sheet.

    The stock widgets carry no classes, and Unfold resets the browser's own styles.
    """

    @cached_property
    def form(self) -> Any:
        form = super().form
        for field in form.fields.values():
            field.widget = _dressed(field, field.widget)
            for part in getattr(field, "fields", (field,)):
                if isinstance(part, forms.DecimalField):
                    part.validators.append(A_SUM)
        return form


def _dressed(field: forms.Field, widget: forms.Widget) -> forms.Widget:
    """Return the widget in the console's clothes."""
    if isinstance(widget, forms.MultiWidget):
        widget.widgets = [_dressed(field, part) for part in widget.widgets]
        return widget
    if isinstance(widget, forms.SelectMultiple) and not isinstance(
        field, forms.ModelMultipleChoiceField
    ):
        choices = list(widget.choices)
        if len(choices) <= CHECKBOXES_UP_TO:
            return unfold.UnfoldAdminCheckboxSelectMultipleWidget(choices=choices)
    if isinstance(widget, forms.CheckboxInput):
        return unfold.UnfoldBooleanSwitchWidget()
    if isinstance(widget, forms.DateInput) and not isinstance(widget, DayInput):
        return DayInput()
    if isinstance(widget, forms.Select):
        widget.attrs["class"] = SELECT
    elif not isinstance(widget, forms.HiddenInput):
        widget.attrs.setdefault("class", INPUT)
    return widget
