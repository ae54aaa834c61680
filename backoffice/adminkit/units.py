"""The question “how many of each line?”: a small table of bounded numbers, one for each line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.flows import LineChoice

# Other scripts' digits and "1_0" are numbers to Python; nobody means those.
UNITS = re.compile(r"[0-9]{1,9}")


class UnitsInput(forms.Widget):
    """A row of − number + for each line; without JavaScript the numbers are typed.

    The inputs are called `<name>-<key of the line>`.
    """

    template_name = "backoffice/widgets/units.html"

    def __init__(self, lines: Sequence[LineChoice] = ()) -> None:
        super().__init__()
        self.lines = tuple(lines)

    def id_for_label(self, id_: str) -> str:
        return ""

    def use_required_attribute(self, initial: Any) -> bool:
        return False

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, str]:
        stem = f"{name}-"
        return {key[len(stem) :]: data[key] for key in data if key.startswith(stem)}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not any(key.startswith(f"{name}-") for key in data)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        given = {str(key): units for key, units in (value or {}).items()}
        context["widget"]["lines"] = [
            {
                "choice": line,
                "name": f"{name}-{line.key}",
                "value": given.get(str(line.key), 0 if given else line.initial),
                "worth": _cents(line),
            }
            for line in self.lines
        ]
        context["widget"]["has_prices"] = any(line.price is not None for line in self.lines)
        return context


def _cents(line: LineChoice) -> str:
    """Return what the running sum computes with: all units' cents, how many they are, and gone."""
    if line.worth is None:
        return ""
    whole, units, gone = line.worth
    return f"{int(whole * 100)} {units} {gone}"


class UnitsField(forms.Field):
    """Whole units per line, each between nothing and what the line allows.

    Cleans to {key: units} of the lines with at least one unit.
    """

    default_error_messages: Mapping[str, str | Promise] = {
        "required": gettext_lazy("Choose at least one unit."),
        "nothing": gettext_lazy("No line has units left for this."),
    }

    def __init__(self, lines: Sequence[LineChoice], **options: Any) -> None:
        super().__init__(widget=UnitsInput(lines), **options)
        self.lines = {str(line.key): line for line in lines}

    def to_python(self, value: Any) -> dict[int, int]:
        units: dict[int, int] = {}
        problems: list[str] = []
        for key, given in (value or {}).items():
            line, text = self.lines.get(key), str(given).strip()
            if not text.strip("0"):
                continue
            if line is None:
                problems.append(_("One of these lines is not on this row; open the dialog again."))
            elif not UNITS.fullmatch(text):
                problems.append(
                    _("%(line)s: a whole number, 0 or more, is needed.") % {"line": line.title}
                )
            elif int(text) > line.most:
                problems.append(
                    _("%(line)s: %(units)s are more than the %(most)s there are.")
                    % {"line": line.title, "units": int(text), "most": line.most}
                )
            else:
                units[line.key] = int(text)
        if problems:
            raise forms.ValidationError(list(dict.fromkeys(problems)))
        return units

    def validate(self, value: dict[int, int]) -> None:
        if self.required and not value:
            can = any(line.most for line in self.lines.values())
            code = "required" if can else "nothing"
            raise forms.ValidationError(self.error_messages[code], code=code)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)
