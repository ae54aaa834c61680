"""The REST door: its rates, its tokens, its document, and which other sites may call it."""

from datetime import timedelta

import environ
from corsheaders.defaults import default_headers

env = environ.Env()

# How many proxies of our own stand before the server: so many entries of X-Forwarded-For are ours,
# counted from the right; everything left of them is what a caller claims.
API_PROXIES = env.int("API_PROXIES", default=0)
# Calls of one address or one account; kept in the database, so they hold without a cache.
API_RATES = {
    "anonymous": env.str("API_RATE_ANONYMOUS", default="300/minute"),
    "account": env.str("API_RATE_ACCOUNT", default="1200/minute"),
    "writing": env.str("API_RATE_WRITING", default="240/minute"),
    "sign_in": env.str("API_RATE_SIGN_IN", default="10/minute"),
    "registration": env.str("API_RATE_REGISTRATION", default="20/hour"),
}
API_TOKEN_DAYS = env.int("API_TOKEN_DAYS", default=365)

REST_FRAMEWORK = {
    # The first one says how to sign in: a 401, where a session alone would answer 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "backoffice.api.authentication.AccessTokens",
        "backoffice.api.authentication.ApiTokens",
        "backoffice.api.authentication.Sessions",
    ],
    # A view that names nobody is open to nobody.
    "DEFAULT_PERMISSION_CLASSES": ["backoffice.api.permissions.Access"],
    "DEFAULT_THROTTLE_CLASSES": [
        "backoffice.api.throttles.CallRate",
        "backoffice.api.throttles.WriteRate",
    ],
    "DEFAULT_PARSER_CLASSES": ["backoffice.api.parsers.CarefulJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": [
        "backoffice.api.filters.FilterSetBackend",
        "backoffice.api.filters.AllowedOrdering",
    ],
    "DEFAULT_PAGINATION_CLASS": "backoffice.api.paging.Pages",
    "DEFAULT_SCHEMA_CLASS": "backoffice.api.document.DoorSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "backoffice.api.problems.answer_problem",
    "NON_FIELD_ERRORS_KEY": "",
    "ORDERING_PARAM": "ordering",
    "NUM_PROXIES": API_PROXIES,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=env.int("JWT_ACCESS_MINUTES", default=10)),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=env.int("JWT_REFRESH_DAYS", default=14)),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": False,
    # A changed password ends every token that the old one gave.
    "CHECK_REVOKE_TOKEN": True,
    "CHECK_USER_IS_ACTIVE": True,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Harbour & Pine: the shop's API",
    "DESCRIPTION": "Catalogue, carts, orders, stock, imports and the record, for programs.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": r"/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "backoffice.api.document.describe_problems",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "DISABLE_ERRORS_AND_WARNINGS": False,
}

CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_ALLOW_CREDENTIALS = True
CORS_URLS_REGEX = r"^/api/.*$"
CORS_ALLOW_HEADERS = (*default_headers, "idempotency-key", "if-match", "x-request-id")
CORS_EXPOSE_HEADERS = ("ETag", "Idempotency-Replayed", "Location", "Retry-After", "X-Request-ID")
