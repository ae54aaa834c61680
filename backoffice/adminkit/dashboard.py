"""The home page: figures, charts and panels that apps registered, for those who may see them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from backoffice.adminkit.charts import draw
from backoffice.cards import Chart, Figure, Kpi, Panel, cards_for
from backoffice.models import User


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fill the home page's context (Unfold's DASHBOARD_CALLBACK)."""
    user = request.user
    context["kpis"] = [_figure(kpi, user) for kpi in cards_for(Kpi, user)]
    context["charts"] = [
        {"card": chart, "drawing": draw(chart.series(user), chart.kind)}
        for chart in cards_for(Chart, user)
    ]
    context["panels"] = [
        {
            "card": panel,
            "rows": list(panel.rows(user)) if panel.rows is not None else [],
            **(panel.context(user) if panel.context is not None else {}),
        }
        for panel in cards_for(Panel, user)
    ]
    return context


def _figure(kpi: Kpi, user: User) -> dict[str, Any]:
    value = kpi.value(user)
    figure = value if isinstance(value, Figure) else Figure(value)
    hint = kpi.hint(user) if callable(kpi.hint) else kpi.hint
    return {
        "card": kpi,
        "value": figure.value,
        "hint": figure.hint or hint,
        "path": figure.path or kpi.path,
        # Nothing is no reason for alarm, nor for joy.
        "tone": figure.tone or kpi.tone if figure.value not in (0, "0", None) else "neutral",
    }
