"""What every environment shares; each value that may differ comes from the environment or .env."""

from decimal import Decimal
from pathlib import Path

import environ
from django.utils.translation import gettext_lazy as _

from backoffice import scrub

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

from config.settings.accounts import *  # noqa: E402, F403  (it asks the environment, too)
from config.settings.accounts import ACCOUNT_APPS  # noqa: E402

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

# --- Jobs -------------------------------------------------------------------------------------

# "django_tasks_db": `manage.py db_worker` runs them; "celery": `manage.py celery_worker`;
# "immediate": the process that commits.
JOBS_BACKEND = env.str("JOBS_BACKEND", default="django_tasks_db")
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

CELERY_APP = "config.celery.app"
CELERY_IMPORTS = ["backoffice.jobs.celery_tasks"]
# redis://…, rediss://…, amqp://…, amqps://…
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="")
# The job's row is the truth: what Celery says of a task is kept only where this names a place.
CELERY_RESULT_BACKEND = env.str("CELERY_RESULT_BACKEND", default="") or None
CELERY_TASK_IGNORE_RESULT = not CELERY_RESULT_BACKEND
CELERY_TASK_DEFAULT_QUEUE = env.str("CELERY_QUEUE", default="backoffice")
# Whoever writes to the broker must not run code here.
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
# A message is gone when its job has ended, not when it began; and none waits behind a long job.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = env.int("CELERY_WORKER_CONCURRENCY", default=2)
# The first is an error in the job, which is tried again; the second ends its process.
CELERY_TASK_SOFT_TIME_LIMIT = env.int("CELERY_JOB_SECONDS", default=3_600)
CELERY_TASK_TIME_LIMIT = CELERY_TASK_SOFT_TIME_LIMIT + 300
# A broker that is away must not keep a request waiting; the clock sends again what it missed.
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_step": 0}
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        # Redis gives out again what was not acknowledged by then: later than any job may last.
        "visibility_timeout": CELERY_TASK_TIME_LIMIT + 300,
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
    }
    if CELERY_BROKER_URL.startswith("redis")
    else {}
)
CELERY_SEND_AGAIN_SECONDS = 600
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Kept in memory: an interval that a restart begins anew is no loss, a file in the way is.
CELERY_BEAT_SCHEDULER = "celery.beat.Scheduler"
CELERY_BEAT_SCHEDULE = {
    # Both what is due and what was lost. A tick that nobody took in time is one too many.
    "tick": {"task": "backoffice.tick", "schedule": 15.0, "options": {"expires": 15.0}},
}

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

# --- The trade's own rules --------------------------------------------------------------------

SHOP_NAME = env.str("SHOP_NAME", default="Harbour & Pine")
# What stands at the foot of printed papers: address, tax number, bank account.
SHOP_IMPRINT = env.str("SHOP_IMPRINT", default="")
CURRENCY = env.str("CURRENCY", default="EUR")
# A dear product in large numbers is nearly always a slip of the keyboard.
PRICE_STOCK_RULE = {
    "price_above": env.str("PRICE_STOCK_RULE_PRICE", default="10000"),
    "units_above": env.int("PRICE_STOCK_RULE_UNITS", default=100),
}
# A bulk act over so many rows is asked and done in one dialog; above it has a plan of its own page
# and runs as a job.
BULK_AT_ONCE_ROWS = env.int("BULK_AT_ONCE_ROWS", default=50)
BULK_PLAN_AT_ONCE_ROWS = env.int("BULK_PLAN_AT_ONCE_ROWS", default=2_000)
BULK_MAX_ROWS = env.int("BULK_MAX_ROWS", default=50_000)
BULK_EXPIRES_HOURS = 24
# Above either, the number of rows is typed before anything begins; money only for what cannot be
# taken back.
BULK_TYPED_ABOVE_ROWS = env.int("BULK_TYPED_ABOVE_ROWS", default=100)
BULK_TYPED_ABOVE_MONEY = env.int("BULK_TYPED_ABOVE_MONEY", default=10_000)
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=256 * 1024 * 1024)
IMPORT_MAX_ROWS = env.int("IMPORT_MAX_ROWS", default=1_000_000)
# A larger file is read, and more rows are written, by a job.
IMPORT_AT_ONCE_BYTES = env.int("IMPORT_AT_ONCE_BYTES", default=2 * 1024 * 1024)
IMPORT_AT_ONCE_ROWS = env.int("IMPORT_AT_ONCE_ROWS", default=2_000)
IMPORT_MAX_WORKBOOK_BYTES = env.int("IMPORT_MAX_WORKBOOK_BYTES", default=50 * 1024 * 1024)
IMPORT_MAX_COLUMNS = 500
IMPORT_MAX_CELL_CHARS = 32_767
IMPORT_EXPIRES_HOURS = 24
# Where suppliers put their files by night; blank: no recipe runs by night.
IMPORT_DROP_DIR = env.str("IMPORT_DROP_DIR", default="")
# So long the rows of an applied import are kept, and it can be taken back.
IMPORT_KEEP_DAYS = env.int("IMPORT_KEEP_DAYS", default=180)
# An export of more rows than this is written by a job; its file is kept for so many days.
EXPORT_AT_ONCE_ROWS = env.int("EXPORT_AT_ONCE_ROWS", default=10_000)
EXPORT_KEEP_DAYS = env.int("EXPORT_KEEP_DAYS", default=7)
# Whoever has an order open and is silent this long no longer counts as working on it.
PRESENCE_IDLE_SECONDS = env.int("PRESENCE_IDLE_SECONDS", default=120)
# What a customer pays above this, in the shop's currency, is only reserved until somebody of the
# house has looked at the order.
ORDER_REVIEW_ABOVE = Decimal(env.str("ORDER_REVIEW_ABOVE", default="1000"))
# What the web shop takes for sending, and from which sum of goods on it sends for nothing.
SHIPPING_FEE = Decimal(env.str("SHIPPING_FEE", default="4.90"))
SHIPPING_FREE_FROM = Decimal(env.str("SHIPPING_FREE_FROM", default="100"))
# A cart that nobody touched for so long is thrown away.
CART_KEEP_DAYS = env.int("CART_KEEP_DAYS", default=30)
PAYMENT_GATEWAY = env.str("PAYMENT_GATEWAY", default="orders.integrations.sandbox.SandboxGateway")
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
# What Stripe's own script in the customer's browser is called with; it is no secret.
STRIPE_PUBLISHABLE_KEY = env.str("STRIPE_PUBLISHABLE_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
# Empty: Stripe itself; a stand-in's address in tests.
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="")
STRIPE_TIMEOUT_SECONDS = env.float("STRIPE_TIMEOUT_SECONDS", default=20.0)
# Events that we tell other systems: how long one may take to answer, and whether addresses of our
# own network may be told (tests, a neighbour behind the same wall).
WEBHOOK_TIMEOUT_SECONDS = env.float("WEBHOOK_TIMEOUT_SECONDS", default=10.0)
WEBHOOKS_TO_PRIVATE_ADDRESSES = env.bool("WEBHOOKS_TO_PRIVATE_ADDRESSES", default=False)
WEBHOOK_MAX_BYTES = env.int("WEBHOOK_MAX_BYTES", default=256 * 1024)

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

# --- REST API ---------------------------------------------------------------------------------

from config.settings.api import *  # noqa: E402, F403
