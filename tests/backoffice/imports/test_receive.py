"""Taking a file in: size, name, private place."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from django.core.files.storage import storages

from backoffice.imports import refusals
from backoffice.imports.receive import is_intact, receive, safe_name


def test_receive_stores_the_file_under_a_name_that_the_server_made():
    received = receive(io.BytesIO(b"sku\nA\n"), name="../../etc/passwd.csv")

    assert received.file_name == "passwd.csv"
    assert "passwd" not in received.stored_as
    assert received.stored_as.startswith("imports/")
    assert received.sha256 == hashlib.sha256(b"sku\nA\n").hexdigest()
    with storages["private"].open(received.stored_as) as stored:
        assert stored.read() == b"sku\nA\n"


def test_receive_never_lets_two_files_of_one_name_meet():
    one, other = (receive(io.BytesIO(b"x"), name="a.csv") for _turn in range(2))

    assert one.stored_as != other.stored_as


def test_receive_refuses_a_file_over_the_limit_with_status_413(settings):
    settings.IMPORT_MAX_BYTES = 10

    with pytest.raises(refusals.FileTooLarge) as caught:
        receive(io.BytesIO(b"x" * 11), name="a.csv")

    assert caught.value.http_status == 413
    assert "10" in str(caught.value)


def test_receive_refuses_an_empty_file():
    with pytest.raises(refusals.EmptyFile):
        receive(io.BytesIO(b""), name="a.csv")


def test_a_file_that_was_swapped_is_no_longer_intact():
    received = receive(io.BytesIO(b"sku\nA\n"), name="a.csv")
    assert is_intact(received.stored_as, received.sha256)

    Path(storages["private"].path(received.stored_as)).write_bytes(b"sku\nB\n")

    assert not is_intact(received.stored_as, received.sha256)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("C:\\Users\\me\\prices.csv", "prices.csv"),
        ("/tmp/prices.csv", "prices.csv"),
        ("prices\u202efdp.csv", "pricesfdp.csv"),
        ("a\x00b\n.csv", "ab.csv"),
        ("..", "sheet"),
        ("", "sheet"),
    ],
)
def test_safe_name_keeps_only_what_cannot_trick_an_eye(name, shown):
    assert safe_name(name) == shown


def test_safe_name_shortens_a_name_and_keeps_its_extension():
    assert len(safe_name("x" * 500 + ".csv")) <= 200
    assert safe_name("x" * 500 + ".csv").endswith(".csv")
