"""Taking a file in: size, name, private place."""

from __future__ import annotations

import errno
import hashlib
import io
import tracemalloc
from pathlib import Path

import pytest
from django.core.files.storage import storages

from backoffice.imports import refusals
from backoffice.imports.receive import is_intact, opened, receive, safe_name


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


class _Broken(io.RawIOBase):
    """A file, or the disk that it goes to, that fails after its first part."""

    def __init__(self, error):
        self.error = error
        self.parts = [b"sku\n"]

    def seekable(self):
        return False

    def seek(self, *_where):
        raise io.UnsupportedOperation

    def read(self, _size=-1):
        if self.parts:
            return self.parts.pop()
        raise self.error


def kept():
    folder = Path(storages["private"].path("imports"))
    return sorted(folder.iterdir()) if folder.exists() else []


def test_receive_weighs_the_file():
    assert receive(io.BytesIO(b"sku\nA\n"), name="a.csv").size_bytes == 6


def test_a_received_file_can_be_read_from_any_place_until_it_is_forgotten():
    received = receive(io.BytesIO(b"sku\nA\n"), name="a.csv")

    with opened(received.stored_as) as file:
        assert file.read() == b"sku\nA\n"
        file.seek(4)
        assert file.read(1) == b"A"
    received.forget()

    assert not is_intact(received.stored_as, received.sha256)


@pytest.mark.parametrize("content", [b"", b"x" * 11])
def test_nothing_is_left_of_a_file_that_is_refused(settings, content):
    settings.IMPORT_MAX_BYTES = 10
    before = kept()

    with pytest.raises(refusals.FileRefused):
        receive(io.BytesIO(content), name="a.csv")

    assert kept() == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_receive_says_so_when_the_disk_is_full_and_leaves_nothing(number):
    before = kept()

    with pytest.raises(refusals.NoRoom) as caught:
        receive(_Broken(OSError(number, "full")), name="a.csv")

    assert caught.value.http_status == 507
    assert kept() == before


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken"), ValueError("a bug")])
def test_receive_leaves_nothing_behind_whatever_goes_wrong(error):
    before = kept()

    with pytest.raises(type(error)):
        receive(_Broken(error), name="a.csv")

    assert kept() == before


def test_receive_never_holds_the_whole_file(settings):
    settings.IMPORT_MAX_BYTES = 20 * 1024 * 1024

    class Endless(io.RawIOBase):
        left = 30 * 1024 * 1024

        def read(self, size=-1):
            block = bytes(min(size, self.left))
            self.left -= len(block)
            return block

    tracemalloc.start()
    with pytest.raises(refusals.FileTooLarge):
        receive(Endless(), name="a.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 4 * 1024 * 1024


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
