"""The ASGI entry point; it refuses to serve when the protection of sealed tables is missing."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

application = get_asgi_application()

from backoffice import sealed  # noqa: E402  (the app registry must be ready)

sealed.require_installed()
