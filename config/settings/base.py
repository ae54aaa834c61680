"""What every environment shares; each value that may differ comes from the environment or .env."""

from pathlib import Path

import environ
from django.utils.translation import gettext_lazy as _

from backoffice import scrub

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

from config.settings.accounts import *  # noqa: E402, F403  (it asks the environment, too)
from config.settings.accounts import ACCOUNT_APPS  # noqa: E402
from config.settings.api import *  # noqa: E402, F403
from config.settings.background import *  # noqa: E402, F403
from config.settings.trade import *  # noqa: E402, F403
from config.settings.trade import STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET  # noqa: E402

# Off unless asked for: a page for people, never a traceback, is the default everywhere.
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ENVIRONMENT_NAME = env.str("ENVIRONMENT_NAME", default="")

INSTALLED_APPS = [
    "backoffice.apps.BackofficeConfig",  # before unfold: its templates win
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "backoffice.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "import_export",
    "simple_history",
    "django_filters",
    "tree_queries",
    "django_tasks",
    "django_tasks_db",
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    *ACCOUNT_APPS,
    "catalog.apps.CatalogConfig",
    "orders.apps.OrdersConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "backoffice.middleware.RequestIdMiddleware",
    "backoffice.middleware.AccessLogMiddleware",
    "backoffice.api.unknown.ApiProblemMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "backoffice.middleware.PersonMiddleware",
    "backoffice.middleware.ChangeSetMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "backoffice.signin.middleware.SessionLimitsMiddleware",
    "backoffice.signin.middleware.SecondFactorMiddleware",
    "backoffice.signin.middleware.SignInPagesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
TEST_RUNNER = "config.test_runner.PytestRunner"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "backoffice.signin.looks.of_the_console",
            ],
        },
    },
]

# --- Data -------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock at BEGIN: without it, sixteen threads see "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL;"
            "PRAGMA synchronous=NORMAL;"
            # An INSERT OR REPLACE must not pass the triggers that refuse a DELETE.
            "PRAGMA recursive_triggers=ON"
        ),
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE_SECONDS", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A database that is gone without a word must not hold every request for minutes.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)

# Refuse statements that pass the record's writers (backoffice/sql_guard.py): development and tests.
GUARD_SQL_WRITES = False

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": env.str("CACHE_KEY_PREFIX", default="backoffice"),
        "OPTIONS": {
            # The default serializer is pickle: whoever writes to Redis would run code here.
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "SOCKET_CONNECT_TIMEOUT": 0.3,
            "SOCKET_TIMEOUT": 0.3,
            "IGNORE_EXCEPTIONS": True,
        },
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
# Not in the cache: a Redis that is down must not sign everybody out.
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- People -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "backoffice.User"
ROLES_TABLE = "config.roles.ROLES"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Language and time ------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
TIME_ZONE = "UTC"
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]
USE_TZ = True

# --- Files ------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
MEDIA_URL = "/media/"
SERVE_MEDIA = False
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / "media"))
# Uploaded sheets live here, outside of everything that a web server serves.
PRIVATE_ROOT = env.path("PRIVATE_ROOT", default=str(BASE_DIR / "private"))
_ON_DISK = "django.core.files.storage.FileSystemStorage"
STORAGES = {
    "default": {
        "BACKEND": env.str("MEDIA_STORAGE", default=_ON_DISK),
        "OPTIONS": env.json("MEDIA_STORAGE_OPTIONS", default={}),
    },
    "private": {
        "BACKEND": env.str("PRIVATE_STORAGE", default=_ON_DISK),
        "OPTIONS": env.json(
            "PRIVATE_STORAGE_OPTIONS", default={"location": str(PRIVATE_ROOT), "base_url": None}
        ),
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# SQLite: one locked file per running job and worker, beside the database that they write to.
JOBS_ROOT = env.str("JOBS_ROOT", default=str(Path(str(PRIVATE_ROOT)) / "jobs"))
# How PostgreSQL takes words apart in the shop's search: the language of the catalogue.
SEARCH_CONFIG = env.str("SEARCH_CONFIG", default="english")
# So long a web process counts views by itself before a job writes them; 0: until it is asked.
VIEWS_FLUSH_SECONDS = env.int("VIEWS_FLUSH_SECONDS", default=60)
PICTURE_MAX_BYTES = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# --- Mail -------------------------------------------------------------------------------------

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Harbour & Pine <shop@example.com>")

# --- Browser ----------------------------------------------------------------------------------

X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # Alpine, which Unfold is built on, compiles its expressions; nothing is inline.
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- Libraries --------------------------------------------------------------------------------

SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_DATE_INDEX = False
SIMPLE_HISTORY_REVERT_DISABLED = True
SIMPLE_HISTORY_ENFORCE_HISTORY_MODEL_PERMISSIONS = True
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export"
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

# --- Logs -------------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="json")
LOG_FILE = env.str("LOG_FILE", default="")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "backoffice.logs.ContextFilter"}},
    "formatters": {
        "json": {
            "()": "backoffice.logs.CleanJsonFormatter",
            "format": (
                "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s %(change_set)s"
            ),
        },
        "text": {
            "()": "backoffice.logs.CleanTextFormatter",
            "format": "%(asctime)s %(levelname)-7s %(name)s [%(request_id)s] %(message)s",
        },
    },
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": LOG_FORMAT,
            "filters": ["context"],
        },
    },
    "root": {"handlers": ["stdout"], "level": LOG_LEVEL},
    # Django would otherwise print the same request twice.
    "loggers": {"django.server": {"handlers": ["stdout"], "level": "WARNING", "propagate": False}},
}
if LOG_FILE:
    LOGGING["handlers"]["file"] = {
        "class": "logging.handlers.WatchedFileHandler",
        "filename": LOG_FILE,
        "formatter": "json",
        "filters": ["context"],
    }
    LOGGING["root"]["handlers"].append("file")

# What no log line may show, wherever it stands.
scrub.hide(
    [
        DATABASES["default"].get("PASSWORD") or "",
        STRIPE_SECRET_KEY,
        STRIPE_WEBHOOK_SECRET,
        env.str("GOOGLE_CLIENT_SECRET", default=""),
        env.str("SECRET_KEY", default=""),
    ]
)

# Less room than this for files, and the server says that it cannot serve.
HEALTH_MIN_FREE_BYTES = env.int("HEALTH_MIN_FREE_BYTES", default=256 * 1024 * 1024)
# A request that takes longer is a warning.
SLOW_REQUEST_SECONDS = env.float("SLOW_REQUEST_SECONDS", default=1.0)

SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    import sentry_sdk

    from backoffice.logs import report_to_sentry

    sentry_sdk.init(
        dsn=SENTRY_DSN,
        environment=ENVIRONMENT_NAME or None,
        before_send=report_to_sentry,
        before_send_transaction=report_to_sentry,
        traces_sample_rate=env.float("SENTRY_TRACES_SAMPLE_RATE", default=0.0),
        # Neither people nor bodies nor the values of variables leave the house.
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
    )
