"""Django's settings, all of them from environment variables.

Every variable is described in docs/reference/settings.md; a house test compares.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF


def _flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


PACKAGE = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("ROLLBOOK_HOME", "var")).absolute()
LAKE_ROOT = Path(os.environ.get("ROLLBOOK_LAKE", str(HOME / "lake"))).absolute()
FILES_ROOT = HOME / "files"
LOCK_ROOT = HOME / "run"


def _secret_key() -> str:
    """Read the signing key from the environment or from the installation's own file."""
    if key := os.environ.get("ROLLBOOK_SECRET_KEY"):
        return key
    kept = HOME / "secret_key"
    if kept.exists():
        return kept.read_text().strip()
    return secrets.token_urlsafe(50)  # no installation yet: `rollbook init` writes one


SECRET_KEY = _secret_key()
DEBUG = _flag("ROLLBOOK_DEBUG")
SANDBOX = _flag("ROLLBOOK_SANDBOX")
BASE_URL = os.environ.get("ROLLBOOK_BASE_URL", "http://localhost:8000")
ALLOWED_HOSTS = os.environ.get("ROLLBOOK_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "rollbook.web.errors.forged"
_HTTPS = BASE_URL.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_cotton.apps.SimpleAppConfig",
    "rollbook.config.apps.RollbookConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "rollbook.web.middleware.ScopeMiddleware",
]

ROOT_URLCONF = "rollbook.config.urls"
WSGI_APPLICATION = "rollbook.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "rollbook.web.words"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rollbook.web.context.page",
            ],
        },
    }
]
COTTON_DIR = "parts"

SQLITE_OPTIONS = {
    "timeout": 30,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        "PRAGMA busy_timeout=30000; PRAGMA secure_delete=ON;"
        "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536; PRAGMA journal_size_limit=67108864"
    ),
}


def _database() -> dict[str, object]:
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        url = f"sqlite:///{HOME / 'rollbook.sqlite3'}"
    database = dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["OPTIONS"] = SQLITE_OPTIONS
    return database


DATABASES = {"default": _database()}
AUTH_USER_MODEL = "rollbook.Account"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        # NIST SP 800-63B-4: 15 where the password may be the only factor.
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "rollbook.web.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by administrators, never by sign-up
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no mail to whatever address a visitor types
ACCOUNT_EMAIL_NOTIFICATIONS = True  # ASVS 5.0 6.3.7: a changed password or factor is told
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "start"
ACCOUNT_LOGOUT_REDIRECT_URL = "start"

SESSION_COOKIE_AGE = 12 * 60 * 60  # NIST SP 800-63B: at most 12 hours at AAL2
SESSION_IDLE_SECONDS = 30 * 60
# What a program signs in for; the state's own service gives 10 hours.
API_TOKEN_SECONDS = int(os.environ.get("ROLLBOOK_API_TOKEN_MINUTES", "600")) * 60
# Addresses of the contract that student information systems post to; all others are pages.
API_PATHS = ("/auth/oauth2/", "/oauth2/", "/groups/imports", "/imports/")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_SECURE = _HTTPS
SECURE_SSL_REDIRECT = False  # the reverse proxy in front redirects
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
_PROXY_SAYS = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_PROXY_SSL_HEADER = _PROXY_SAYS if _flag("ROLLBOOK_BEHIND_PROXY") else None
# Limits on guessing passwords count per visitor, not per proxy: one could lock out all.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if _flag("ROLLBOOK_BEHIND_PROXY") else 0
# The sign-in library's own limits stay. A whole school stands behind one address at the door of
# login cards, and children mistype; a code has 40 bits, so this only spares the server.
ACCOUNT_RATE_LIMITS = {
    "login_card": "300/5m/ip,10/5m/key",
    "api_token": "100/5m/ip,10/5m/key",  # of wrong secrets, which have 256 bits
}
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = os.environ.get("ROLLBOOK_TIME_ZONE", "America/Los_Angeles")
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
UPLOAD_MAX_BYTES = int(os.environ.get("ROLLBOOK_UPLOAD_MAX_MB", "512")) * 1024 * 1024
# Sources are addresses that a district's administrator types: none may reach into our own network,
# and no folder outside these may be read.
ALLOW_PRIVATE_ADDRESSES = _flag("ROLLBOOK_ALLOW_PRIVATE_ADDRESSES")
ROSTER_FOLDERS = tuple(
    Path(folder).absolute()
    for folder in os.environ.get("ROLLBOOK_ROSTER_FOLDERS", str(HOME / "rosters")).split(os.pathsep)
    if folder
)

EMAIL_HOST = os.environ.get("ROLLBOOK_SMTP_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("ROLLBOOK_SMTP_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("ROLLBOOK_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("ROLLBOOK_SMTP_PASSWORD", "")
EMAIL_USE_TLS = _flag("ROLLBOOK_SMTP_TLS")
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("ROLLBOOK_MAIL_FROM", "rollbook@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "rollbook.config.logs.Line"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("ROLLBOOK_LOG_LEVEL", "INFO")},
    # Django brings handlers of its own, which write the words of exceptions: these replace them.
    "loggers": {
        name: {"handlers": [], "propagate": True}
        for name in ("django", "django.server", "django.request")
    }
    # A call to another system that is tried again is no warning: its end is told.
    | {"stamina": {"level": "ERROR"}},
}
