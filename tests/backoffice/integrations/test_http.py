"""The client base of outside services, against a service on loopback that misbehaves."""

from __future__ import annotations

import logging
from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from backoffice.integrations.http import HttpService
from backoffice.integrations.refusals import (
    AccessRefused,
    AnswerLost,
    ServiceRefused,
    UnreadableAnswer,
)
from backoffice.models import AuditEvent
from backoffice.refused import BadValue, ServiceUnavailable
from tests.backoffice.integrations.standin import StandIn, dead_url, drip, hang, hang_up
from tests.kept import forget

pytestmark = [pytest.mark.django_db, pytest.mark.row("G5")]
SECRET = "bearer-of-all-secrets"


class Weather(HttpService):
    label = "The weather office"
    read_seconds = 0.2
    whole_seconds = 2.0
    first_pause_seconds = 0.01
    most_bytes = 10_000


@pytest.fixture
def office():
    """Start a stand-in with a script; returns it and a client of it."""
    opened = []
    forget()

    def start(*script):
        stand_in = StandIn(*script).__enter__()
        opened.append(stand_in)
        return stand_in, Weather(stand_in.url, bearer=SECRET)

    yield start
    for stand_in in opened:
        stand_in.__exit__()


def test_an_answer_is_data_with_exact_numbers(office):
    stand_in, weather = office((200, b'{"wind": 12.10}'))

    answer = weather.get("v1/now", params={"town": "Kiel"})

    assert answer.data == {"wind": Decimal("12.10")}
    method, path, headers, _body = stand_in.asked[0]
    assert (method, path) == ("GET", "/v1/now?town=Kiel")
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert "X-Request-ID" in headers


def test_nothing_is_an_answer_too(office):
    _stand_in, weather = office((204, b""))

    assert weather.ask("DELETE", "alarms/7").data is None


@pytest.mark.parametrize(
    "mishap", [(500, {}), (503, {}), (429, {}), hang_up, hang(0.5)], ids=lambda m: str(m)[:12]
)
def test_a_question_that_does_no_harm_is_asked_again(office, mishap):
    stand_in, weather = office(mishap, mishap, (200, {"wind": 3}))

    assert weather.get("now").data == {"wind": 3}
    assert len(stand_in.asked) == 3
    assert weather.problems == []


def test_after_the_last_try_the_service_is_unavailable(office):
    stand_in, weather = office((502, {}))

    with pytest.raises(ServiceUnavailable) as refused:
        weather.get("now")

    assert len(stand_in.asked) == 3
    assert str(refused.value).startswith("The weather office did not answer. Nothing was changed")
    assert [problem.question for problem in weather.problems] == ["GET now"]


@pytest.mark.parametrize("mishap", [(500, {}), hang_up, hang(0.5)], ids=["500", "drop", "slow"])
def test_what_may_have_been_done_is_not_done_twice(office, mishap):
    stand_in, weather = office(mishap, (200, {}))

    with pytest.raises(AnswerLost, match="may have done"):
        weather.post("alarms", data={"wind": 9})

    assert len(stand_in.asked) == 1


def test_a_key_makes_a_post_repeatable(office):
    stand_in, weather = office(hang_up, (201, {"id": 7}))

    assert weather.post("alarms", data={"wind": 9}, key="alarm-7").data == {"id": 7}
    assert [headers["Idempotency-Key"] for _m, _p, headers, _b in stand_in.asked] == ["alarm-7"] * 2


def test_a_busy_service_is_asked_again_when_it_says(office):
    stand_in, weather = office((429, {}, {"Retry-After": "1"}), (200, {}))
    waited = []
    weather.wait = waited.append

    weather.post("alarms", data={})

    assert waited == [1.0]
    assert len(stand_in.asked) == 2


@pytest.mark.parametrize("asked", ["3600", "Wed, 21 Oct 2099 07:28:00 GMT", "nan", "-1"])
def test_a_service_that_is_busy_for_long_is_not_waited_for(office, asked):
    stand_in, weather = office((429, {}, {"Retry-After": asked}))

    with pytest.raises(ServiceUnavailable):
        weather.get("now")

    assert len(stand_in.asked) == 1


def test_nobody_there_is_certain_that_nothing_was_done():
    weather = Weather(dead_url())

    with pytest.raises(ServiceUnavailable) as refused:
        weather.post("alarms", data={})

    assert not isinstance(refused.value, AnswerLost)
    assert refused.value.http_status == 503


def test_a_body_that_drips_for_ever_ends_in_time(office):
    _stand_in, weather = office(drip)
    weather.whole_seconds = 0.4

    with pytest.raises(ServiceUnavailable):
        weather.get("now")


@pytest.mark.parametrize(
    "body",
    [b"<html>It works!</html>", b'{"wind": NaN}', b'{"wind"', b"[" * 9_000, b"x" * 20_000],
    ids=["html", "nan", "half", "deep", "large"],
)
def test_an_answer_that_is_none_is_refused(office, body):
    _stand_in, weather = office((200, body))

    with pytest.raises(UnreadableAnswer):
        weather.get("now")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"detail": "No such town."}, "No such town."),
        ({"error": {"message": "No  such\ntown."}}, "No such town."),
        ({"error": "invalid", "error_description": "No such town."}, "No such town."),
        ({}, "HTTP 404"),
        (b"<html>", "HTTP 404"),
        ({"detail": "{service} %s"}, "{service} %s"),
    ],
)
def test_a_clear_no_is_a_sentence_with_their_words(office, body, words):
    stand_in, weather = office((404, body))

    with pytest.raises(ServiceRefused) as refused:
        weather.get("towns/Atlantis")

    assert refused.value.status == 404
    assert refused.value.message == f"The weather office refuses: {words}"
    assert len(stand_in.asked) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_says_so(office, status):
    _stand_in, weather = office((status, {}))

    with pytest.raises(AccessRefused, match="An administrator"):
        weather.get("now")


def test_a_token_does_not_travel_to_where_an_answer_points(office):
    elsewhere, _weather = office((200, {}))
    _stand_in, weather = office((302, {}, {"Location": elsewhere.url}))

    with pytest.raises(ServiceRefused):
        weather.get("now")

    assert elsewhere.asked == []


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/", "a/../../admin"])
def test_a_path_is_no_address(office, path):
    _stand_in, weather = office()

    with pytest.raises(ValueError, match="A path below"):
        weather.get(path)


@pytest.mark.parametrize("address", ["", "weather", "file:///etc/passwd", "http://me:pw@host/"])
def test_an_address_of_a_service_is_a_plain_one(address):
    with pytest.raises(ImproperlyConfigured):
        Weather(address)


def test_nobody_outside_is_asked_inside_a_transaction(office):
    stand_in, weather = office()

    with transaction.atomic(), pytest.raises(RuntimeError, match="outside of transactions"):
        weather.get("now")

    assert stand_in.asked == []


def test_a_log_line_says_what_and_how_long_and_no_secret(office, caplog):
    _stand_in, weather = office((200, {"card": "4242"}))

    with caplog.at_level(logging.INFO, logger="backoffice.integrations"):
        weather.get("now", params={"token": SECRET})
        weather.ask("POST", f"hooks/{SECRET}", data={"pin": SECRET}, shown_as="the hook")

    assert [record.getMessage() for record in caplog.records] == [
        "The weather office GET now: 200",
        "The weather office POST the hook: 200",
    ]
    assert caplog.records[0].status == 200
    assert caplog.records[0].seconds >= 0
    assert SECRET not in repr([vars(record) for record in caplog.records]) + repr(weather)


def test_a_refusal_carries_no_secret(office):
    _stand_in, weather = office(hang_up)

    with pytest.raises(ServiceUnavailable) as refused:
        weather.get("now", params={"token": SECRET})

    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert SECRET not in str(refused.value)


def test_a_cached_answer_is_asked_for_once(office):
    stand_in, weather = office((200, b'{"wind": 1.50}'))

    first = weather.cached("now")
    second = Weather(stand_in.url, bearer=SECRET).cached("now")

    assert first == second == {"wind": Decimal("1.50")}
    assert len(stand_in.asked) == 1


def test_a_cached_answer_is_nobody_elses_and_ends(office):
    stand_in, weather = office((200, {}))

    weather.cached("now", seconds=1)
    Weather(stand_in.url, bearer="another").cached("now")
    weather.cached("now", params={"town": "Kiel"})

    assert len(stand_in.asked) == 3


def test_a_refusal_is_not_cached(office):
    stand_in, weather = office((404, {}), (200, {"wind": 1}))

    with pytest.raises(ServiceRefused):
        weather.cached("now")

    assert weather.cached("now") == {"wind": 1}
    assert len(stand_in.asked) == 2


def test_what_is_kept_is_kept_whole_or_not_at_all(office):
    _stand_in, weather = office((200, {"wind": 1}))

    def keep(answer):
        AuditEvent.record("weather_read")
        raise BadValue(field="wind", problem="no wind")

    assert weather.carry_out(lambda: weather.get("now"), keep) is None
    assert not AuditEvent.objects.filter(kind="weather_read").exists()
    assert [str(problem.refused) for problem in weather.problems] == ["wind: no wind"]


def test_what_came_back_is_kept(office):
    _stand_in, weather = office((200, {"wind": 1}))

    kept = weather.carry_out(lambda: weather.get("now").data, lambda data: data["wind"])

    assert kept == 1
    assert weather.problems == []


def test_a_question_that_failed_keeps_nothing_and_is_collected_once(office):
    _stand_in, weather = office((500, {}))

    assert weather.carry_out(lambda: weather.get("now"), pytest.fail) is None
    assert len(weather.problems) == 1


def test_a_bug_while_keeping_stays_loud(office):
    _stand_in, weather = office((200, {}))

    with pytest.raises(KeyError):
        weather.carry_out(lambda: weather.get("now").data, lambda data: data["wind"])
