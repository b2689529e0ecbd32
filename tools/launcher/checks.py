"""The checks before the tests: each one runs, and the names of those that failed come back."""

import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence

from launcher import paths
from launcher.console import say

CODE = [
    "config",
    "accounts",
    "operations",
    "guidelines",
    "annotation",
    "quality",
    "frontend",
    "tools",
    "manage.py",
]
PRODUCTION = {  # as docker-compose.yml starts it
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "CONCORD_INSECURE_HTTP": "0",
    "CONCORD_DEBUG": "0",
    "CONCORD_BEHIND_TLS_PROXY": "1",
    "CONCORD_ALLOWED_HOSTS": "concord.example",
    "CONCORD_ORIGIN": "https://concord.example",
}


def run_checks(environment: Mapping[str, str]) -> list[str]:
    """The names of the checks that failed; all of them run."""
    production = {**environment, **PRODUCTION, "CONCORD_SECRET_KEY": secrets.token_urlsafe(60)}
    checks: list[tuple[str, Sequence[str], Mapping[str, str]]] = [
        ("format", python("ruff", "format", "--check", "."), environment),
        ("lint", python("ruff", "check", "."), environment),
        ("types", python("mypy", *CODE), environment),
        (
            "import contracts",
            [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
            environment,
        ),
        ("deployment", manage("check", "--deploy", "--fail-level", "WARNING"), production),
        ("migrations", manage("makemigrations", "--check", "--dry-run"), environment),
    ]
    return [name for name, command, variables in checks if not passes(name, command, variables)]


def passes(name: str, command: Sequence[str], variables: Mapping[str, str]) -> bool:
    say(f"\n== {name}")
    return subprocess.run(list(command), cwd=paths.ROOT, env=dict(variables), check=False).returncode == 0


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def reformat(_: Sequence[str]) -> int:
    """Rewrite the code in the house format; the exit code of ruff."""
    subprocess.run(python("ruff", "check", "--fix", "--select", "I", "."), cwd=paths.ROOT, check=False)
    return subprocess.run(python("ruff", "format", "."), cwd=paths.ROOT, check=False).returncode


def lock_requirements(_: Sequence[str]) -> int:
    """Compile the requirements to exact versions with hashes, and without the address of any index."""
    for kind, constraint in (("uv", None), ("demo", None), ("test", "demo")):
        command = [
            *(str(paths.VENV / "bin" / "uv"), "pip", "compile", "-q", "--universal", "--python-version", "3.11"),
            *("--generate-hashes", "--custom-compile-command", "make lock"),
            *(["-c", f"requirements/{constraint}.txt"] if constraint else []),
            *("-o", f"requirements/{kind}.txt", f"requirements/{kind}.in"),
        ]
        done = subprocess.run(command, cwd=paths.ROOT, check=False)
        if done.returncode != 0:
            return done.returncode
    return 0
