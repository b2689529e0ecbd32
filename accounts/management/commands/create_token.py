from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import DomainError
from accounts.models import User
from accounts.permissions import Scope
from accounts.services.tokens import create_token


class Command(BaseCommand):
    help = "Print the secret of a new API token, for scripts and first use. It is shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--scope", action="append", choices=[s.value for s in Scope], required=True)
        parser.add_argument("--name", default="command line")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['username']!r}.")
        try:
            _, secret = create_token(actor=user, name=options["name"], scopes=options["scope"])
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(secret)
