"""Where announcing a return leads: to the order's returns, with the number for the parcel."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from backoffice.adminkit.acts import Act
from backoffice.adminkit.flow_admin import FlowAdmin
from orders.models import Return


class AnnouncesReturns(FlowAdmin):
    """The part of OrderAdmin that says a new return's number."""

    def act_landing(self, request: HttpRequest, act: Act, row: Any, result: Any) -> str | None:
        if not isinstance(result, Return):
            return super().act_landing(request, act, row, result)
        said = _("{number} is announced; the customer writes it on the parcel.")
        messages.success(request, said.format(number=result.number))
        # Without “#returns”: a browser that is on this page would only scroll to it.
        return self.admin_path("change", row.pk)
