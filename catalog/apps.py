"""The catalogue app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = _("Catalogue")

    def ready(self) -> None:
        from catalog import four_eyes, layout, receivers, services  # noqa: F401  (they register)
        from catalog.services import versions  # noqa: F401  (as above)
