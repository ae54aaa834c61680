"""The ground app, and the admin site that all apps register at."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class BackofficeConfig(AppConfig):
    name = "backoffice"
    verbose_name = _("Back office")

    def ready(self) -> None:
        from django.db.backends.signals import connection_created
        from django.utils.module_loading import autodiscover_modules

        from backoffice.imports.sql import prepare_connection

        connection_created.connect(prepare_connection, dispatch_uid="backoffice.sorted_json")

        from backoffice import sql_guard

        sql_guard.install()

        from backoffice import approvals, checks, receivers, rights  # noqa: F401
        from backoffice.adminkit import checks as console_checks  # noqa: F401

        autodiscover_modules("cards")
        from backoffice.bulk import kinds as bulk_kinds  # noqa: F401
        from backoffice.desk import exporting  # noqa: F401
        from backoffice.hooks import work as hooks_work  # noqa: F401
        from backoffice.imports import export_kinds  # noqa: F401
        from backoffice.jobs import housekeeping  # noqa: F401
        from backoffice.retention import work as retention_work  # noqa: F401
        from backoffice.seals import work  # noqa: F401
        from backoffice.signin import events  # noqa: F401

        autodiscover_modules("jobs")


class ConsoleAdminConfig(AdminConfig):
    default_site = "backoffice.adminkit.site.ConsoleSite"

    def ready(self) -> None:
        """Keep out the libraries' own admins: they would write past verbs and history."""
        super().ready()
        from django.contrib import admin

        from backoffice.adminkit.console import ConsoleAdmin

        foreign = [m for m, a in admin.site._registry.items() if not isinstance(a, ConsoleAdmin)]
        for model in foreign:
            admin.site.unregister(model)
