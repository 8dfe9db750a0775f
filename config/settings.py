"""Settings of the whole site, read from four optional environment variables.

`DATABASE_URL`, `REDIS_URL`, `DATA_DIR` and `PORT` are described in the README;
everything else has one value for everybody, so that no installation can switch
a guard off.
"""

import os
import secrets
import sys
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF

from config import logs
from config.embedded import servers

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules
DATA_DIR = Path(
    os.environ.get("DATA_DIR") or BASE_DIR / ("var/test" if TESTING else "var")
).resolve()


def _secret_key() -> str:
    """Return the installation's own key, drawn at the first start and kept in DATA_DIR."""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Linked into place: of two first starts side by side, one key wins for both.
        draft = path.with_name(f"secret_key.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(60))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def _database(url: str) -> dict[str, object]:
    """Return Django's settings for a `postgresql://` URL; a socket folder goes in `?host=`."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "config.database",
        "NAME": unquote(parts.path.lstrip("/")) or "relief",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": options,
        "CONN_MAX_AGE": 0 if TESTING else 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }


def _mail_server(url: str) -> dict[str, object]:
    """Return what an `smtp://` URL says of a mail server; nothing for ""."""
    if not url:
        return {}
    parts = urlsplit(url)
    return {
        "host": unquote(parts.hostname or ""),
        "port": parts.port or (465 if parts.scheme == "smtps" else 25),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_ssl": parts.scheme == "smtps",
        "use_tls": parts.scheme == "smtp+tls",
        "sender": dict(parse_qsl(parts.query)).get("from", ""),
    }


SECRET_KEY = _secret_key()
DEBUG = False
PUBLIC_HOSTS = [host for host in os.environ.get("ALLOWED_HOSTS", "").split(",") if host]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *PUBLIC_HOSTS]
# Behind a TLS proxy (ALLOWED_HOSTS names the public host) every cookie is for https only.
HTTPS = bool(PUBLIC_HOSTS)

INSTALLED_APPS = [
    "config",
    "audit",
    "deferral",
    "refunds",
    "relief",
    "classification",
    "casework",
    "registry",
    "pgtrigger",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "axes",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "registry.middleware.SessionTimeouts",
    "registry.middleware.NoStore",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "registry.context.site",
            ],
            "builtins": ["registry.templatetags.relief_tags"],
        },
    }
]

# Unset: the servers of config.embedded, which manage.py, `serve` and the tests bring up.
DATABASES = {"default": _database(os.environ.get("DATABASE_URL") or servers.database_url(DATA_DIR))}
# Everything but `migrate` works under this role, which may not change or delete a decided row.
DATABASE_APP_ROLE = "relief_app"
# redis-py's own form: `redis://host:port/0`, or `unix:///path` for a socket.
REDIS_URL = os.environ.get("REDIS_URL") or ("" if TESTING else servers.redis_url(DATA_DIR))

# The same server in Celery's form. Without one, ringing reaches nobody and does no harm.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1) or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 0.2,
    "socket_timeout": 5,
}
CELERY_TIMEZONE = "Asia/Shanghai"

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "frontend" / "dist"]
MEDIA_ROOT = DATA_DIR / "uploads"
# What stands before a path in letters and messages that leave the house.
PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://localhost:8000").rstrip("/")

# By what messages leave the house besides the portal: with nothing named, they become files in
# OUTBOX_DIR. SMS_URL is the address of a gateway (casework/tell/by_gateway.py), SMS_KEY the key
# shared with it; SMTP_URL is `smtp://user:password@host:port?from=address` (`smtps`: TLS at once).
OUTBOX_DIR = DATA_DIR / "outbox"
SMS_KEY = os.environ.get("SMS_KEY", "")
TELLING = {
    "SMS": {"url": os.environ["SMS_URL"], "key": SMS_KEY} if os.environ.get("SMS_URL") else {},
    "EMAIL": _mail_server(os.environ.get("SMTP_URL", "")),
}

BANK_DIR = DATA_DIR / "bank"
# With a key, only files that the bank has signed with it are read; see docs/algorithms/fake-bank.md.
BANK_HMAC_KEY = os.environ.get("BANK_HMAC_KEY", "")
# The direct link (银企直连), for fund accounts that use it.
BANK_LINK_URL = os.environ.get("BANK_LINK_URL", "").rstrip("/")
BANK_LINK_KEY = os.environ.get("BANK_LINK_KEY", "")
# Until when overpayments may be offset; None: the end of the last waived month, by the published
# documents. The demo's town lives in 2020 on today's clock, so there it has no end.
_DEMO = not TESTING and (DATA_DIR / "demo_password").exists()
OFFSET_LAST_DAY = (
    date.fromisoformat(os.environ["OFFSET_LAST_DAY"])
    if os.environ.get("OFFSET_LAST_DAY")
    else date.max
    if _DEMO
    else None
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_AUTOREFRESH = TESTING  # tests collect no static files
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "registry:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.5  # hours
# Two separate counters: one account attacked from anywhere, one address trying accounts.
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_HANDLER = "registry.lockout.Handler"  # an address has a limit of its own
AXES_CLIENT_IP_CALLABLE = "registry.lockout.client_address"
AXES_LOCKOUT_CALLABLE = "registry.views.sign_in.locked_out"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the page says when it opens again
AXES_ENABLE_ADMIN = False  # ours lets people in again, in Chinese
AXES_RESET_ON_SUCCESS = True
SESSION_COOKIE_AGE = 8 * 3600  # the longest a session may last, used or not
SESSION_IDLE_SECONDS = {"staff": 15 * 60, "enterprise": 30 * 60}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in PUBLIC_HOSTS]
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
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

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "registry.problems.handle",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "relief",
    "DESCRIPTION": "阶段性减免企业社会保险费：核定、说明与退费。金额为字符串，单位元，两位小数。",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api.drop_developers_notes",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ImportStage": "registry.models.intake.Stage",
        "RefundState": "refunds.workflow.State",
        "AttemptState": "refunds.workflow.AttemptState",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processor": logs.renderer,
            "foreign_pre_chain": logs.processors,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "relief": {"level": "INFO"},
        "axes": {"level": "ERROR"},
    },
}
