"""The settings of a worker that the tests start: the tests' own, the toys, and a clock that hurries."""

from config.settings.test import *  # noqa: F403
from config.settings.test import CELERY_BEAT_SCHEDULE, INSTALLED_APPS

INSTALLED_APPS += ["tests.backoffice.jobs.toys"]
CELERY_BEAT_SCHEDULE["tick"]["schedule"] = 0.5
