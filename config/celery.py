"""The Celery application, for `JOBS_BACKEND=celery`; what it is told stands in the settings."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

app = Celery("backoffice")
app.config_from_object("django.conf:settings", namespace="CELERY")
