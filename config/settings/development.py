"""A person's own machine: everything works from a clone, without an environment."""

from config.settings.base import *  # noqa: F403
from config.settings.base import (
    DATABASES,  # noqa: F401
    DEBUG,
    INSTALLED_APPS,
    LOG_FORMAT,  # noqa: F401
    LOGGING,
    MIDDLEWARE,
    env,
)
from config.settings.unfold import UNFOLD  # noqa: F401

# Known to everybody, so good for nothing but a machine that nobody else reaches.
SECRET_KEY = env.str("SECRET_KEY", default="development-key-of-a-machine-that-nobody-else-reaches")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
ENVIRONMENT_NAME = env.str("ENVIRONMENT_NAME", default="Development")

GUARD_SQL_WRITES = True

# Pictures come from this machine's disk; in production from the web server or a bucket.
SERVE_MEDIA = True
# Security keys can be tried on http://localhost.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True

# No collectstatic on a person's own machine.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

LOGGING["handlers"]["stdout"]["formatter"] = env.str("LOG_FORMAT", default="text")

INSTALLED_APPS += ["django_extensions"]
if DEBUG and env.bool("DEBUG_TOOLBAR", default=True):
    INSTALLED_APPS += ["debug_toolbar"]
    MIDDLEWARE.insert(2, "debug_toolbar.middleware.DebugToolbarMiddleware")
    INTERNAL_IPS = ["127.0.0.1", "::1"]
