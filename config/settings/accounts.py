"""Who may come in, how they prove it, and how long they stay (django-allauth)."""

import environ
from django.utils.translation import gettext_lazy as _

env = environ.Env()

ACCOUNT_APPS = [
    "django.contrib.sites",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.mfa",
    "allauth.usersessions",
]
SITE_ID = env.int("SITE_ID", default=1)

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
# Counts failures in the database and asks every other door for the second factor.
AUTHENTICATION_BACKENDS = ["backoffice.signin.backends.PasswordBackend"]

# --- E-mail and password ----------------------------------------------------------------------

ACCOUNT_ADAPTER = "backoffice.signin.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "backoffice.signin.names.Names"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_FORMS = {
    "login": "backoffice.signin.forms.SignInForm",
    "signup": "backoffice.signin.forms.SignUpForm",
    "add_email": "backoffice.signin.forms.NewAddressForm",
    "change_password": "backoffice.signin.forms.ChangePasswordForm",
    "set_password": "backoffice.signin.forms.SetPasswordForm",
    "reset_password": "backoffice.signin.forms.ResetPasswordForm",
    "reset_password_from_key": "backoffice.signin.forms.NewPasswordForm",
    "reauthenticate": "backoffice.signin.forms.ConfirmPasswordForm",
}
# allauth counts in the cache, and closes every door when that is gone; ours stand in the database.
ACCOUNT_RATE_LIMITS = False
MFA_RATE_LIMITS = False

# --- Second factor ----------------------------------------------------------------------------

# Roles that set one up before anything else; empty: nobody has to.
MFA_REQUIRED_ROLES = env.list("MFA_REQUIRED_ROLES", default=[])
MFA_ADAPTER = "backoffice.signin.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
# A phone's clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = env.str("SHOP_NAME", default="Harbour & Pine")
MFA_FORMS = {
    "authenticate": "backoffice.signin.forms.CodeForm",
    "reauthenticate": "backoffice.signin.forms.ConfirmCodeForm",
}

# --- Google -----------------------------------------------------------------------------------

GOOGLE_CLIENT_ID = env.str("GOOGLE_CLIENT_ID", default="")
GOOGLE_CLIENT_SECRET = env.str("GOOGLE_CLIENT_SECRET", default="")
# Staff come in by Google only with an address of these domains; empty: only by password.
GOOGLE_STAFF_DOMAINS = env.list("GOOGLE_STAFF_DOMAINS", default=[])
# Where people are asked, and where this server asks: a stand-in's address in trials.
GOOGLE_ACCOUNTS_URL = env.str("GOOGLE_ACCOUNTS_URL", default="https://accounts.google.com")
GOOGLE_TOKEN_URL = env.str("GOOGLE_TOKEN_URL", default="https://oauth2.googleapis.com/token")
GOOGLE_API_URL = env.str("GOOGLE_API_URL", default="https://openidconnect.googleapis.com")
SOCIALACCOUNT_ADAPTER = "backoffice.signin.social.SocialAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_PROVIDERS = {
    "google": {
        "SCOPE": ["profile", "email"],
        "AUTH_PARAMS": {"access_type": "online", "prompt": "select_account"},
        "OAUTH_PKCE_ENABLED": True,
        "AUTHORIZE_URL": f"{GOOGLE_ACCOUNTS_URL}/o/oauth2/v2/auth",
        "ID_TOKEN_ISSUER": GOOGLE_ACCOUNTS_URL,
        "ACCESS_TOKEN_URL": GOOGLE_TOKEN_URL,
        "IDENTITY_URL": f"{GOOGLE_API_URL}/v1/userinfo",
        "APPS": [{"client_id": GOOGLE_CLIENT_ID, "secret": GOOGLE_CLIENT_SECRET, "key": ""}]
        if GOOGLE_CLIENT_ID
        else [],
    }
}

# --- Sessions ---------------------------------------------------------------------------------

# A session ends after so long without a sign of life, and after so long in any case.
SESSION_LIMITS = {
    "staff": {
        "idle_minutes": env.int("STAFF_SESSION_IDLE_MINUTES", default=4 * 60),
        "whole_hours": env.int("STAFF_SESSION_HOURS", default=12),
    },
    "customer": {
        "idle_minutes": env.int("CUSTOMER_SESSION_IDLE_MINUTES", default=14 * 24 * 60),
        "whole_hours": env.int("CUSTOMER_SESSION_HOURS", default=30 * 24),
    },
}
SESSION_COOKIE_AGE = 30 * 24 * 60 * 60
SESSION_COOKIE_SAMESITE = "Lax"

# --- Limits -----------------------------------------------------------------------------------

# Failures that cost nothing, the wait after the next one (doubled by each further one), the
# longest wait, and after how long without a failure all is forgotten. Seconds.
SIGN_IN_LIMITS = {
    "account": {"free": 5, "first_wait": 5, "longest_wait": 15 * 60, "forgotten": 6 * 60 * 60},
    # A browser that this account signed in from before: nobody else's failures count there.
    "browser": {"free": 10, "first_wait": 5, "longest_wait": 5 * 60, "forgotten": 60 * 60},
    "address": {"free": 50, "first_wait": 5, "longest_wait": 15 * 60, "forgotten": 60 * 60},
    "second_factor": {"free": 5, "first_wait": 15, "longest_wait": 15 * 60, "forgotten": 6 * 3600},
}
# Forms that anybody may send: so many an hour from one address.
ACCOUNT_POSTS_AN_HOUR = {
    "account_signup": 30,
    "account_reset_password": 30,
    "account_reset_password_from_key": 60,
    "account_email": 60,
    "account_request_reauthentication_code": 20,
    "account_confirm_reauthentication_code": 60,
    "google_login": 120,
}
# So many letters an hour to one mail address.
ACCOUNT_LETTERS_AN_HOUR = 10

ACCOUNT_MENU = [
    ("account_profile", _("Profile")),
    ("account_email", _("E-mail address")),
    ("account_change_password", _("Password")),
    ("mfa_index", _("Second factor")),
    ("usersessions_list", _("Sessions")),
    ("socialaccount_connections", _("Google")),
]
