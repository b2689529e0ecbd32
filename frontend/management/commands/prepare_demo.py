import json
import os
import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from accounts.models import User
from accounts.permissions import Scope
from accounts.services.tokens import create_token
from frontend.demo.people import ANNOTATORS, STAFF
from frontend.demo.seed import seed_demo

SHOWN = [(p.username, p.role) for p in STAFF] + [(a.username, "annotator") for a in ANNOTATORS[:3]]
SCOPES_BY_ROLE = {
    "annotator": [Scope.READ, Scope.LABEL],
    "adjudicator": [Scope.READ, Scope.LABEL],
    "engineer": [Scope.READ, Scope.IMPORT, Scope.EXPORT, Scope.MANAGE],
}


class Command(BaseCommand):
    help = "Migrate, fill an empty installation with the demo project, and write the demo's log-ins to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", required=True)
        parser.add_argument("--credentials", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        path: Path = options["credentials"]
        kept = json.loads(path.read_text())["users"] if path.exists() else []
        if not User.objects.exists():
            passwords = {username: _password() for username, _ in SHOWN}
            seed_demo(passwords=passwords, say=lambda step: self.stdout.write(f"  {step}"))
            kept = _log_ins(passwords)
        elif not kept:
            kept = _log_ins(_new_passwords())
        _write(path, {"url": options["url"], "users": kept})


def _password() -> str:
    """Made for this installation: no demo account has a password that could be looked up."""
    return "-".join(secrets.token_hex(2) for _ in range(4))


def _new_passwords() -> dict[str, str]:
    """The file with the log-ins was removed: its people get new ones."""
    passwords = {}
    for user in User.objects.filter(username__in=[username for username, _ in SHOWN]):
        passwords[user.username] = _password()
        user.set_password(passwords[user.username])
        user.save(update_fields=["password"])
    return passwords


def _log_ins(passwords: dict[str, str]) -> list[dict[str, str]]:
    rows = []
    for username, role in SHOWN:
        user = User.objects.filter(username=username).first()
        if user is not None:
            scopes = SCOPES_BY_ROLE.get(role, list(Scope))
            _, secret = create_token(actor=user, name="demo", scopes=[scope.value for scope in scopes])
            rows.append({"username": username, "password": passwords[username], "role": role, "token": secret})
    return rows


def _write(path: Path, body: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(body, indent=1) + "\n")
    os.replace(new, path)
