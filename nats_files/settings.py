"""The site's settings. Every variable that can be set is read here, and documented in docs/configuration.md."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from . import database, datafolder, logs, natsoptions, staticversion
from .env import Env

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env(os.environ)

DATA_FOLDER = datafolder.made("NATS_FILES_DATA", env.folder("NATS_FILES_DATA", BASE_DIR / "data"))
DEBUG = env.flag("DEBUG")
SECRET_KEY_SET = bool(env.secret("SECRET_KEY", 32))
SECRET_KEY = env.secret("SECRET_KEY", 32) or datafolder.keep(DATA_FOLDER / "secret_key", lambda: secrets.token_urlsafe(50))

# Where to listen, and as what the site is known. MAX_* in bytes; 0 for MAX_UPLOAD_BYTES: no limit but the bucket's.
HOST = env.host("HOST", "127.0.0.1")
PORT = env.whole("PORT", 8000, 0, 65535)
LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [*env.hosts("ALLOWED_HOSTS"), *LOOPBACK_HOSTS]
MAX_UPLOAD_BYTES = env.whole("MAX_UPLOAD_BYTES", 0)
MAX_FORM_BYTES = env.whole("MAX_FORM_BYTES", 64 * 1024 * 1024, 1024)
MAX_CONNECTIONS = env.whole("MAX_CONNECTIONS", 1000, 10)
MAX_TRANSFERS = env.whole("MAX_TRANSFERS", 64, 1)
MAX_TRANSFERS_PER_USER = env.whole("MAX_TRANSFERS_PER_USER", 32, 1)
MAX_WAITING_TRANSFERS = env.whole("MAX_WAITING_TRANSFERS", 500)
TRANSFER_WAIT_SECONDS = env.seconds("TRANSFER_WAIT_SECONDS", 30.0)
DASHBOARD_BUCKETS = env.whole("DASHBOARD_BUCKETS", 100, 1)
UPLOAD_HOURS = env.whole("UPLOAD_HOURS", 24, 1, 24 * 365)
TRANSFER_STALL_SECONDS = env.seconds("TRANSFER_STALL_SECONDS", 120.0)
SHUTDOWN_SECONDS = env.seconds("SHUTDOWN_SECONDS", 20.0)
ADMIN_PASSWORD = env.secret("NATS_FILES_ADMIN_PASSWORD", 8) or None

# NATS. Without NATS_URL, `manage.py serve` and `runserver` start a server of their own.
EMBEDDED_FOLDER = DATA_FOLDER / "nats"
NATS = natsoptions.read(env, EMBEDDED_FOLDER)
INDEX_FOLDER = DATA_FOLDER / "index"
THUMBNAIL_FOLDER = DATA_FOLDER / "thumbnails"
THUMBNAIL_BYTES = env.whole("THUMBNAIL_BYTES", 256 * 1024 * 1024)
EMBEDDED_NATS = not env.optional("NATS_URL")
UPKEEP_MINUTES = env.whole("UPKEEP_MINUTES", 60, 0, 60 * 24 * 7)

DATABASES = {"default": database.read(env, DATA_FOLDER / "site.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# HTTPS, which something in front of the site ends.
HTTPS = env.flag("HTTPS")
BEHIND_PROXY = env.flag("BEHIND_PROXY")
FORWARDED_ALLOW_IPS = ",".join(env.networks("FORWARDED_ALLOW_IPS", ("127.0.0.1",)))
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = env.whole("HSTS_SECONDS", 0)
CSRF_TRUSTED_ORIGINS = list(env.origins("CSRF_TRUSTED_ORIGINS"))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = env.whole("SESSION_SECONDS", 14 * 24 * 3600, 60)
if SECURE_HSTS_SECONDS and not HTTPS:
    raise ImproperlyConfigured("HSTS_SECONDS works with HTTPS=1 only.")

# What a page may load and who may frame it: nobody and nothing but the site itself.
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'"],
        "object-src": ["'self'"],  # a PDF in the browser's own viewer
        "frame-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

INSTALLED_APPS = [
    "nats_files",  # its `runserver` extends Daphne's
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "buckets",
]
# Each of them runs in the event loop, or the cancellation of a request would not reach its view.
MIDDLEWARE = [
    "nats_files.middleware.Observe",
    "nats_files.middleware.Security",
    "nats_files.middleware.ContentSecurityPolicy",
    "nats_files.compressed.CompressedStatic",
    "nats_files.middleware.Session",
    "nats_files.middleware.Language",
    "nats_files.middleware.Common",
    "nats_files.middleware.Csrf",
    "nats_files.middleware.Authentication",
    "nats_files.middleware.Messages",
    "nats_files.middleware.Frames",
]
# What these look for by its name is there, as a subclass.
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003"]
# Our own checks say these in terms of the environment.
SILENCED_SYSTEM_CHECKS += [f"security.{number}" for number in ("W004", "W005", "W008", "W012", "W016", "W018", "W021")]
ROOT_URLCONF = "nats_files.urls"
ASGI_APPLICATION = "nats_files.asgi.application"
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
            ],
        },
    }
]

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]

# Straight from the source folders, nothing to collect. The address changes with the content, so browsers keep the files for good.
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_URL = "/static/" if DEBUG else f"/static/{staticversion.of(BASE_DIR / 'static')}/"
STATIC_FOLDER = env.folder("NATS_FILES_STATIC", DATA_FOLDER / "static")
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_MAX_AGE = 0 if DEBUG else 365 * 24 * 3600
SERVESTATIC_ALLOW_ALL_ORIGINS = False

# A bulk action's form carries up to 1,000 names of up to 2,800 bytes, percent-encoded.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1100
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# The texts are English, and translated in locale/ (docs/development.md says how).
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TEXTS_VERSION = staticversion.of(BASE_DIR / "locale")
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
TIME_ZONE = "UTC"
USE_TZ = True

METRICS = env.choice("METRICS", ("off", "admin", "local"), "admin")
METRICS_TOKEN = env.secret("METRICS_TOKEN", 16)
METRICS_BUCKETS = env.whole("METRICS_BUCKETS", 200, 0, 10_000)
ACCESS_LOG = env.flag("ACCESS_LOG")
LOG_LEVEL = env.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), "INFO")
LOGGING = logs.configuration(LOG_LEVEL, env.choice("LOG_FORMAT", ("text", "json"), "text"), ACCESS_LOG)
