"""The settings of a worker that the tests start: the tests' own, and the toys."""

from config.settings.test import *  # noqa: F403
from config.settings.test import INSTALLED_APPS

INSTALLED_APPS += ["tests.backoffice.jobs.toys"]
