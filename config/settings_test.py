"""Settings of the test run: the same product, on the launcher's throw-away servers, with cheap password hashing."""

import os

os.environ.setdefault("CONCORD_SECRET_KEY", "test-only-key-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG")
os.environ.setdefault("CONCORD_INSECURE_HTTP", "1")
os.environ.setdefault("CONCORD_ALLOWED_HOSTS", "127.0.0.1,localhost,testserver")

from config.settings import *  # noqa: E402, F403
from config.settings import CELERY_BROKER_URL, FILES_DIR  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

# Each parallel test process has its own database (pytest-django), broker database and folder for files.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
if "virtual_host=" not in CELERY_BROKER_URL and CELERY_BROKER_URL.startswith("redis+socket"):
    CELERY_BROKER_URL = f"{CELERY_BROKER_URL}?virtual_host={1 + int(_worker.removeprefix('gw'))}"
FILES_DIR = f"{FILES_DIR}/{_worker}"
