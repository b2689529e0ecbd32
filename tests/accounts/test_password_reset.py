from typing import Any

from django.test import Client

from accounts.models import User


def test_the_link_in_the_mail_is_ours_whatever_host_asked(
    client: Client, ana: User, mailoutbox: Any, settings: Any
) -> None:
    settings.ORIGIN = "https://concord.example"
    settings.ALLOWED_HOSTS = ["*"]

    client.post("/accounts/password/reset/", {"email": ana.email}, headers={"Host": "evil.example:4444"})

    [mail] = mailoutbox
    assert "https://concord.example/accounts/password/reset/key/" in mail.body
    assert "evil" not in mail.body + mail.subject


def test_no_mail_goes_to_an_address_nobody_has(client: Client, db: None, mailoutbox: Any) -> None:
    client.post("/accounts/password/reset/", {"email": "stranger@example.org"})

    assert mailoutbox == []
