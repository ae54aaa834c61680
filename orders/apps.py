"""The orders app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Sales")

    def ready(self) -> None:
        from orders import layout, money_law, receivers, services  # noqa: F401  (verbs register)

        receivers.connect(self)
        post_migrate.connect(money_law.install, sender=self)
