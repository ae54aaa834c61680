"""The public server; nothing here has a default that would be unsafe."""

from config.settings.base import *  # noqa: F403
from config.settings.base import STORAGES, env
from config.settings.unfold import UNFOLD  # noqa: F401

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY")
# What was signed or encrypted with an older key is still read.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
ENVIRONMENT_NAME = env.str("ENVIRONMENT_NAME", default="Production")

# Who moves money, prices or people, and who reads everything: a password alone is not enough.
MFA_REQUIRED_ROLES = env.list(
    "MFA_REQUIRED_ROLES", default=["finance", "manager", "admin", "auditor"]
)

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
# A prober beside the server speaks plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^health/(live|ready)$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = True

STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
