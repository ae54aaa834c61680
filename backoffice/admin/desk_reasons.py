"""The page of reasons: what was cancelled, refunded, adjusted, why, by whom, week by week."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from backoffice.admin.desk import require_desk
from backoffice.adminkit.charts import draw
from backoffice.adminkit.desk_pages import desk_path
from backoffice.adminkit.pages import page
from backoffice.cards import NavItem, Series, register
from backoffice.desk import reasons, trails
from backoffice.desk.periods import moment_of

WEEKS = (4, 13, 26, 52)
USUAL_WEEKS = 13


@page("audit/reasons/", name="audit_reasons")
@require_safe
def reasons_view(request: HttpRequest) -> HttpResponse:
    """Show the reasons of some weeks as charts, with a table beneath, each leading to its rows."""
    require_desk(request)
    asked = request.GET.get("weeks", "")
    count = int(asked) if asked in {str(weeks) for weeks in WEEKS} else USUAL_WEEKS
    today = timezone.localdate()
    monday = today - timedelta(days=today.weekday())
    weeks = reasons.mondays(monday - timedelta(weeks=count - 1), today)
    since = moment_of(weeks[0].isoformat(), is_end=False)
    until = moment_of(today.isoformat(), is_end=True)
    found = [
        reasons.statistics_of(kind, since=since, until=until, weeks=weeks)
        for kind in reasons.kinds_for(request.user)
    ]
    context = {
        **admin.site.each_context(request),
        "title": _("Reasons"),
        "weeks": [(n, n == count) for n in WEEKS],
        "statistics": [
            {
                "found": one,
                "weeks": draw(one.weeks, "bars"),
                "reasons": draw(
                    Series([row.label for row in one.reasons], [row.count for row in one.reasons]),
                    "bars",
                ),
            }
            for one in found
        ],
        "desk_url": desk_path(),
    }
    return TemplateResponse(request, "backoffice/desk/reasons.html", context)


register(
    NavItem(
        name="audit_reasons",
        label=gettext_lazy("Reasons"),
        url="admin:audit_reasons",
        permission=trails.door_permissions(),
        icon="bar_chart",
        group=gettext_lazy("Audit"),
        order=795,
        words="audit statistics cancellations refunds adjustments why weeks",
    ),
)
