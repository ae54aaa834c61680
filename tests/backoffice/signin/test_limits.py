"""Guessing is slowed down, in the database, without locking anybody out."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from backoffice.models import AuditEvent, Limit
from backoffice.signin import limits
from backoffice.signin.limits import Rule, TooManyAttempts
from tests.backoffice.signin.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.row("I1")]

FREE = 5


def try_it(client, email, password="wrong", **more):
    return client.post("/accounts/login/", {"login": email, "password": password}, **more)


def is_told_to_wait(answer) -> bool:
    return "Too many failed attempts" in answer.content.decode()


def lapse(seconds: int) -> None:
    """Let so much time pass."""
    for row in Limit.objects.all():
        row.last_at -= timedelta(seconds=seconds)
        if row.open_at:
            row.open_at -= timedelta(seconds=seconds)
        row.save()


@given(st.integers(0, 10_000))
def test_a_wait_never_shrinks_and_has_an_end(failures):
    rule = Rule(free=5, first_wait=5, longest_wait=900, forgotten=3600)

    assert 0 <= rule.wait_after(failures) <= rule.wait_after(failures + 1) <= 900


def test_some_failures_are_free_and_then_each_waits_longer(client, support):
    for _ in range(FREE):
        assert not is_told_to_wait(try_it(client, support.email))
    waits = []
    for _ in range(4):
        answer = try_it(client, support.email)
        assert is_told_to_wait(answer)
        waits.append((Limit.objects.get(count__gte=FREE, open_at__isnull=False)).open_at)
        lapse(3600)
        try_it(client, support.email)

    row = Limit.objects.get(open_at__isnull=False)
    assert row.count == FREE + 4
    assert row.open_at - row.last_at == timedelta(seconds=5 * 2**4)


def test_the_right_password_is_not_looked_at_while_one_has_to_wait(client, support):
    for _ in range(FREE):
        try_it(client, support.email)

    answer = try_it(client, support.email, PASSWORD)
    lapse(60)
    later = try_it(client, support.email, PASSWORD)

    assert is_told_to_wait(answer)
    assert "Try again in" in answer.content.decode()
    assert later.status_code == 302
    assert not Limit.objects.filter(open_at__isnull=False).exists()


def test_waiting_costs_nothing_more_and_no_event_each(client, support):
    for _ in range(FREE + 20):
        try_it(client, support.email)

    assert AuditEvent.objects.filter(kind="sign_in_failed").count() == FREE
    assert Limit.objects.get(open_at__isnull=False).count == FREE


def test_whoever_guesses_elsewhere_does_not_lock_out_the_owners_browser(client, support):
    try_it(client, support.email, PASSWORD)
    client.post("/accounts/logout/")
    stranger = type(client)(REMOTE_ADDR="203.0.113.9")
    for _ in range(FREE + 2):
        try_it(stranger, support.email)

    assert is_told_to_wait(try_it(stranger, support.email, PASSWORD))
    assert try_it(client, support.email, PASSWORD).status_code == 302


def test_a_forged_cookie_makes_no_browser_known(client, support):
    client.cookies[limits.BROWSER_COOKIE] = "W10:1abc:forged"
    for _ in range(FREE):
        try_it(client, support.email)

    assert is_told_to_wait(try_it(client, support.email))


def test_a_known_browser_is_no_way_to_guess_forever(client, support):
    try_it(client, support.email, PASSWORD)
    client.post("/accounts/logout/")
    for _ in range(10):
        try_it(client, support.email)

    assert is_told_to_wait(try_it(client, support.email, PASSWORD))


def test_unknown_addresses_are_answered_and_slowed_down_alike(client, db):
    first = try_it(client, "nobody@example.com")
    for _ in range(FREE):
        last = try_it(client, "nobody@example.com")

    assert "is not right" in first.content.decode()
    assert is_told_to_wait(last)


def test_many_accounts_from_one_network_are_one_guesser(client, db):
    for number in range(50):
        try_it(client, f"person{number}@example.com", REMOTE_ADDR="2001:db8:1:1::1")

    assert is_told_to_wait(try_it(client, "x@example.com", REMOTE_ADDR="2001:db8:1:1:ffff::2"))
    assert not is_told_to_wait(try_it(client, "x@example.com", REMOTE_ADDR="2001:db8:1:2::1"))


def test_one_own_success_does_not_wipe_what_a_network_did(client, support, settings):
    settings.SIGN_IN_LIMITS = {
        **settings.SIGN_IN_LIMITS,
        "address": {"free": 4, "first_wait": 60, "longest_wait": 60, "forgotten": 3600},
    }
    for number in range(3):
        try_it(client, f"person{number}@example.com")
    try_it(client, support.email, PASSWORD)
    client.post("/accounts/logout/")
    client.cookies.clear()
    try_it(client, "person8@example.com")

    assert is_told_to_wait(try_it(client, "person9@example.com"))


def test_forgotten_after_some_hours(support):
    now = timezone.now()
    for _ in range(FREE):
        limits.begin([("account", support.email)], now=now)

    with pytest.raises(TooManyAttempts):
        limits.begin([("account", support.email)], now=now)
    limits.begin([("account", support.email)], now=now + timedelta(hours=7))
    assert Limit.objects.get().count == 1
    assert limits.forget_old(now=now + timedelta(days=5)) == 1


def test_no_row_names_anybody(client, support):
    try_it(client, support.email)

    assert all(support.email not in row.key and len(row.key) == 64 for row in Limit.objects.all())


def test_every_door_is_counted_and_answers_429(client, support):
    for _ in range(FREE):
        client.post(
            "/api/v1/auth/jwt/",
            {"email": support.email, "password": "wrong"},
            content_type="application/json",
        )

    answer = client.post(
        "/api/v1/auth/jwt/",
        {"email": support.email, "password": PASSWORD},
        content_type="application/json",
    )

    assert answer.status_code == 429
    assert answer.json()["code"] == "too_many_attempts"
    assert is_told_to_wait(try_it(client, support.email, PASSWORD))


def test_no_cache_is_needed(client, support, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 0.3},
        }
    }
    assert try_it(client, support.email, PASSWORD).status_code == 302


def test_forms_that_anybody_may_send_have_an_end(client, db, settings):
    settings.ACCOUNT_POSTS_AN_HOUR = {"account_reset_password": 2}
    answers = [
        client.post("/accounts/password/reset/", {"email": f"p{n}@example.com"}) for n in range(3)
    ]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert "sent too often" in answers[2].content.decode()


def test_nobody_is_flooded_with_letters(client, support, settings, mailoutbox):
    settings.ACCOUNT_LETTERS_AN_HOUR = 3
    for _ in range(6):
        client.post("/accounts/password/reset/", {"email": support.email})

    assert len(mailoutbox) == 3
