"""Typed readers for settings that differ between machines.

A name is looked up in the process environment, then (for secrets) in the file named by `<NAME>_FILE`, then in
`var/demo.env`, which the demo launcher writes while it runs: that is how `manage.py` reaches a running demo
without any environment variable.
"""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent
DEMO_ENV = ROOT / "var" / "demo.env"


def _read_demo_env() -> dict[str, str]:
    if not DEMO_ENV.exists():
        return {}
    pairs = (line.split("=", 1) for line in DEMO_ENV.read_text().splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in pairs}


_DEMO = _read_demo_env()


def text(name: str, default: str | None = None) -> str:
    """The value of `name`; ImproperlyConfigured when it is nowhere and has no default."""
    if name in os.environ:
        return os.environ[name]
    if f"{name}_FILE" in os.environ:
        return Path(os.environ[f"{name}_FILE"]).read_text().strip()
    if name in _DEMO:
        return _DEMO[name]
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set. Start the demo (`make demo`) or set it in the environment.")
    return default


def flag(name: str, *, default: bool = False) -> bool:
    return text(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def integer(name: str, default: int) -> int:
    raw = text(name, str(default))
    try:
        return int(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}") from error


def listing(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def secret_key(name: str) -> str:
    """A strong key or no start: a guessable one lets anybody forge a session (CVE-2023-43791)."""
    key = text(name)
    if len(key) < 50 or len(set(key)) < 10 or key.startswith("django-insecure-"):
        raise ImproperlyConfigured(
            f"{name} is weak: use at least 50 random characters, "
            'e.g. python3 -c "import secrets; print(secrets.token_urlsafe(50))"'
        )
    return key
