"""Everything below /api/v1/: the document, signing in, and each app's own `api/urls.py`.

How v2 would join: a module `api/urls_v2.py` in each app that changes, autodiscovered under
`/api/v2/` beside this one; views that stay the same are named by both.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from backoffice.api.accounts import urls as accounts
from backoffice.api.imports.views import Imports
from backoffice.api.record import views as record
from backoffice.api.unknown import unknown_address

OWN = "backoffice"


def of_the_apps() -> list[URLPattern | URLResolver]:
    """Return the addresses of every installed app that has an `api/urls.py`."""
    found: list[URLPattern | URLResolver] = []
    for config in apps.get_app_configs():
        if config.label != OWN and Path(config.path, "api", "urls.py").exists():
            found += import_module(f"{config.name}.api.urls").urlpatterns
    return found


router = SimpleRouter(use_regex_path=False)
router.register("imports", Imports, basename="import")
router.register("record/change_sets", record.ChangeSets, basename="change_set")
router.register("record/events", record.Events, basename="event")

v1 = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("", SpectacularSwaggerSplitView.as_view(url_name="v1:schema"), name="document"),
    *accounts.urlpatterns,
    *router.urls,
    path("record/history/", record.RowHistory.as_view(), name="history"),
    *of_the_apps(),
]

urlpatterns = [
    path("v1/", include((v1, "v1"), namespace="v1")),
    re_path(r"", unknown_address),
]
