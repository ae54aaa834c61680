"""Doing once what was sent twice, whatever happens in between."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from backoffice.idempotency import ABANDONED_MINUTES, KeyReused, StillRunning, answered, once
from backoffice.models import IdempotencyKey
from backoffice.refused import TooMany


def send(user, work, key="k", **content):
    return once(by=user, key=key, content=content, work=work)


def test_once_returns_the_first_answer_again(support):
    answers = iter(["/first/", "/second/"])

    first = send(support, lambda: next(answers))
    second = send(support, lambda: next(answers))

    assert (first, second) == ("/first/", "/first/")


@pytest.mark.parametrize("key", ["", "never sent", "a\x00b", "\x00"])
def test_a_key_that_nothing_was_done_under_has_no_answer(key, support):
    send(support, lambda: "/first/", key="")

    assert answered(by=support, key=key) is None


def test_once_keeps_the_keys_of_two_people_apart(support, manager):
    send(support, lambda: "/supports/")

    assert send(manager, lambda: "/managers/") == "/managers/"


def test_once_refuses_a_key_with_other_content(support):
    send(support, lambda: "/x/", amount=1)

    with pytest.raises(KeyReused):
        send(support, lambda: "/y/", amount=2)


def test_once_refuses_while_the_first_is_running(support):
    def impatient():
        with pytest.raises(StillRunning) as refusal:
            send(support, lambda: "/second/")
        assert refusal.value.http_status == 409
        return "/first/"

    assert send(support, impatient) == "/first/"


def test_once_frees_the_key_of_what_was_refused(support):
    def refuse():
        raise TooMany(count=2, limit=1)

    with pytest.raises(TooMany):
        send(support, refuse)

    assert send(support, lambda: "/done/") == "/done/"


def test_once_takes_over_a_claim_whose_process_died(support):
    IdempotencyKey.objects.all().delete()
    send(support, lambda: "/x/")
    long_ago = timezone.now() - timedelta(minutes=ABANDONED_MINUTES + 1)
    IdempotencyKey.objects.update(state="open", claimed_at=long_ago)

    assert send(support, lambda: "/again/") == "/again/"


def test_once_forgets_old_keys(support):
    send(support, lambda: "/x/")
    IdempotencyKey.objects.update(claimed_at=timezone.now() - timedelta(days=9))

    send(support, lambda: "/y/", key="other")

    assert IdempotencyKey.objects.get().key == "other"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_once_runs_once_when_eight_presses_arrive_together(make_user):
    user = make_user("support")
    runs, answers = [], []
    start = threading.Barrier(8)

    def press():
        try:
            start.wait()
            answers.append(send(user, lambda: runs.append(1) or "/done/"))
        except StillRunning:
            answers.append("running")
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(runs) == 1
    assert set(answers) <= {"/done/", "running"}
    assert len(answers) == 8
