from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import DomainError
from accounts.services.people import create_user


class Command(BaseCommand):
    help = "Make an owner account. Asks for the password; no default account exists."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--email", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        password = getpass("Password: ")
        if password != getpass("Again: "):
            raise CommandError("The two passwords differ.")
        try:
            create_user(
                actor=None, username=options["username"], email=options["email"], password=password,
                is_owner=True, may_start_projects=True,
            )  # fmt: skip
        except DomainError as error:
            reasons = "\n".join(f"{e.path}: {e.detail}" for e in error.errors)
            raise CommandError(f"{error.detail}\n{reasons}".strip()) from error
        self.stdout.write(f"Owner {options['username']} can sign in.")
