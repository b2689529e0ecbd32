"""Sign-in and the pages around it, and the error pages: calm, labelled, and usable without script."""

import re
from typing import Any

import pytest
from django.core import mail
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from tests.factories.accounts import PASSWORD

pytestmark = pytest.mark.django_db

SIGN_IN = {"login": "lea", "password": PASSWORD}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def headings(html: str) -> list[str]:
    return [re.sub(r"\s+", " ", h).strip() for h in re.findall(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)]


def test_sign_in_page_has_labels_and_loads_no_htmx(client: Client) -> None:
    html = client.get(reverse("account_login")).content.decode()

    assert headings(html) == ["Sign in"]
    assert re.findall(r"<label for=\"(\w+)\">", html)[:2] == ["id_login", "id_password"]
    assert "placeholder" not in html
    assert "htmx" not in html.replace("hx-headers", "")


def test_sign_in_page_forbids_inline_script_and_style(client: Client) -> None:
    policy = client.get(reverse("account_login"))["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy


def test_wrong_password_is_refused_beside_the_form_and_not_echoed(client: Client, lea: User) -> None:
    response = client.post(reverse("account_login"), SIGN_IN | {"password": "not the pass phrase"})

    html = response.content.decode()
    assert 'role="alert"' in html
    assert 'value="lea"' in html
    assert "not the pass phrase" not in html
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("login", ["lea", "lea@example.org"])
def test_name_and_address_both_sign_in_and_leave_no_message(client: Client, lea: User, login: str) -> None:
    response = client.post(reverse("account_login"), SIGN_IN | {"login": login})

    assert response.status_code == 302
    assert response["Location"] == "/"
    assert client.session["_auth_user_id"] == str(lea.pk)
    assert "messages" not in client.cookies


def test_sign_in_returns_to_the_page_that_asked_but_to_no_other_host(client: Client, lea: User) -> None:
    here = client.post(reverse("account_login") + "?next=/me/", SIGN_IN | {"next": "/me/"})
    away = Client().post(reverse("account_login"), SIGN_IN | {"next": "https://evil.example/"})

    assert here["Location"] == "/me/"
    assert away["Location"] == "/"


def test_registration_is_closed_and_makes_nobody(client: Client) -> None:
    page = client.get(reverse("account_signup"))
    client.post(reverse("account_signup"), {"username": "mal", "password1": PASSWORD, "password2": PASSWORD})

    assert headings(page.content.decode()) == ["Registration is closed"]
    assert not User.objects.filter(username="mal").exists()


def test_password_reset_answers_the_same_for_a_known_and_an_unknown_address(client: Client, lea: User) -> None:
    known = client.post(reverse("account_reset_password"), {"email": "lea@example.org"})
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.org"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert "lea@example.org" in mail.outbox[0].to


def test_link_of_the_mail_leads_to_a_form_and_works_once(client: Client, lea: User) -> None:
    client.post(reverse("account_reset_password"), {"email": "lea@example.org"})
    link = re.search(r"/accounts/password/reset/key/\S+", str(mail.outbox[0].body))
    assert link is not None

    form = client.get(link[0], follow=True)
    client.post(form.request["PATH_INFO"], {"password1": "another long phrase", "password2": "another long phrase"})
    again = Client().get(link[0], follow=True)

    lea.refresh_from_db()
    assert headings(form.content.decode()) == ["Change Password"]
    assert lea.check_password("another long phrase")
    assert headings(again.content.decode()) == ["Bad Token"]


@pytest.mark.parametrize(
    "name", ["account_change_password", "account_logout", "account_reauthenticate", "mfa_index", "mfa_activate_totp"]
)
def test_pages_of_the_own_account_have_one_heading_and_nothing_inline(lea: User, name: str) -> None:
    client = Client()
    client.post(reverse("account_login"), SIGN_IN)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})  # the second factor asks for it again

    response = client.get(reverse(name))

    html = response.content.decode()
    assert response.status_code == 200
    assert len(headings(html)) == 1
    assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?![^>]*(src=|application/json))", html)


def test_outside_of_a_project_there_is_no_empty_rail_but_the_name_of_the_product(lea: User) -> None:
    html = signed_in(lea).get(reverse("account_change_password")).content.decode()

    assert 'id="rail"' not in html
    assert 'class="brand"' in html


def test_password_change_refuses_a_short_password_beside_its_field(lea: User) -> None:
    response = signed_in(lea).post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
    )

    assert re.search(r'aria-describedby="id_password[12]-error', response.content.decode())
    lea.refresh_from_db()
    assert lea.check_password(PASSWORD)


def test_page_shows_the_theme_of_the_cookie_at_once(client: Client) -> None:
    client.cookies["theme"] = "dark"

    assert '<html lang="en" data-theme="dark">' in client.get(reverse("account_login")).content.decode()


def test_unknown_address_gets_the_house_page(client: Client) -> None:
    response = client.get("/there/is/nothing/")

    assert response.status_code == 404
    assert headings(response.content.decode()) == ["There is nothing here"]


def test_form_without_its_token_gets_the_house_page_and_changes_nothing(lea: User) -> None:
    client = Client(enforce_csrf_checks=True)

    response = client.post(reverse("account_login"), SIGN_IN)

    assert response.status_code == 403
    assert headings(response.content.decode()) == ["The form was too old to be trusted"]
    assert "_auth_user_id" not in client.session


def test_error_page_needs_no_database(django_assert_num_queries: Any, lea: User) -> None:
    request = RequestFactory().get("/")

    with django_assert_num_queries(0):
        html = render_to_string("errors/500.html", {"request_id": "7f3a"}, request)

    assert "7f3a" in html
