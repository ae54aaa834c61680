"""One page to sign in, whichever door somebody came to; it never leads away from here."""

import pytest

pytestmark = [pytest.mark.django_db, pytest.mark.row("I1")]


def test_signing_in_ends_at_home(client, merchandiser):
    answer = client.post(
        "/accounts/login/", {"login": "merchandiser@example.com", "password": "a-good-password"}
    )

    assert answer.status_code == 302
    assert answer["Location"] == "/admin/"


def test_signing_in_returns_to_where_one_wanted_to_go(client, merchandiser):
    wanted = "/admin/catalog/product/?queue=drafts"
    page = client.get("/admin/login/", {"next": wanted}, follow=True)
    answer = client.post(
        "/accounts/login/",
        {
            "login": "merchandiser@example.com",
            "password": "a-good-password",
            "next": page.context["redirect_field_value"],
        },
    )

    assert page.redirect_chain[0][0].startswith("/accounts/login/?next=/admin/catalog")
    assert answer["Location"] == wanted


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_away_from_here(client, merchandiser, wanted):
    for door in ("/admin/login/", "/login"):
        page = client.get(door, {"next": wanted}, follow=True)
        assert page.redirect_chain[-1][0].startswith("/accounts/login/")
    answer = client.post(
        "/accounts/login/",
        {
            "login": "merchandiser@example.com",
            "password": "a-good-password",
            "next": wanted,
        },
    )

    assert answer["Location"] == "/admin/"
    assert client.get("/admin/login/", {"next": wanted})["Location"] == "/admin/"


def test_a_customer_who_signs_in_lands_in_the_shop_and_the_console_stays_closed(client, make_user):
    person = make_user(email="customer@example.com")
    person.is_staff = False
    person.save()

    answer = client.post(
        "/accounts/login/", {"login": "customer@example.com", "password": "a-good-password"}
    )
    console = client.get("/admin/", follow=True)

    assert answer["Location"] == "/"
    assert console.status_code == 403
    assert "The console is for staff." in console.content.decode()
