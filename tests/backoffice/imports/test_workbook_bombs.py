"""Workbooks that are made to hurt: refused in seconds, with a sentence, in little memory."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import time
import tracemalloc
import zipfile
from contextlib import suppress

import pytest

from backoffice.imports import refusals, workbook
from backoffice.imports.read import open_table
from tests.backoffice.imports.workbooks import ods, text, xlsx, zipped
from tests.sheets import xlsx_of

HEADER = f"<row r='1'>{text('A1', 'sku')}</row><row r='2'>{text('A2', 'x')}</row>"
MEGABYTE = 1024 * 1024


def refusal_of(content):
    started = time.monotonic()
    tracemalloc.start()
    try:
        with pytest.raises(refusals.FileRefused) as caught:
            for _chunk in open_table(io.BytesIO(content)).chunks():
                pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.monotonic() - started < 30
    # Of this process; that of the reader is bounded by the system.
    assert peak < 64 * MEGABYTE
    assert str(caught.value).endswith(".")
    return caught.value


@pytest.mark.parametrize("place", ["XFD1048576", "ALL1048576", "A4294967295", "ZZZZZZZ1"])
def test_a_cell_far_away_is_refused(place):
    row = place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

    refused = refusal_of(xlsx(f"{HEADER}<row r='{row}'><c r='{place}'><v>1</v></c></row>"))

    assert refused.code in {"workbook_too_big", "too_many_columns", "broken_workbook"}


def test_twenty_thousand_columns_are_refused():
    rows = f"<row>{'<c><v>1</v></c>' * 20_000}</row>" * 3

    refused = refusal_of(xlsx(rows))

    assert refused.code == "too_many_columns"
    assert "20000" in str(refused)


def test_a_header_that_reaches_to_the_last_column_is_refused():
    assert refusal_of(xlsx(f"<row r='1'>{text('XFD1', 'far')}</row>")).code == "too_many_columns"


def test_a_cell_of_ten_megabytes_is_refused_with_its_line():
    rows = f"<row r='1'>{text('A1', 'sku')}</row><row r='3'>{text('A3', 'x' * 10_000_000)}</row>"

    refused = refusal_of(xlsx(rows, stored=True))

    assert refused.code == "cell_too_long"
    assert "Line 3" in str(refused)


def test_a_long_text_in_many_cells_is_refused():
    rows = "".join(f"<row r='{n}'><c r='A{n}' t='s'><v>0</v></c></row>" for n in range(1, 30_000))

    refused = refusal_of(xlsx(rows, shared=f"<si><t>{'x' * 30_000}</t></si>", stored=True))

    assert refused.code in {"workbook_too_big", "too_much_text"}


def test_ten_megabytes_in_a_thousand_cells_are_refused():
    rows = "".join(f"<row r='{n}'><c r='A{n}' t='s'><v>0</v></c></row>" for n in range(1, 1_000))

    refused = refusal_of(xlsx(rows, shared=f"<si><t>{'x' * 10_000_000}</t></si>", stored=True))

    assert refused.code in {"workbook_too_big", "cell_too_long"}


def test_millions_of_shared_texts_are_refused_or_left_unread():
    shared = "<si><t>x</t></si>" * 1_100_000

    with pytest.raises(refusals.FileRefused) as caught:
        open_table(io.BytesIO(xlsx("<row r='1'/>", shared=shared, stored=True)))

    assert caught.value.code in {"workbook_too_big", "empty_file"}


def test_a_zip_bomb_is_refused_before_it_is_opened():
    bomb = zipped({"xl/workbook.xml": "<a/>", "xl/big.xml": b"0" * 60_000_000})

    assert len(bomb) < 200_000
    assert refusal_of(bomb).code == "suspicious_archive"


def test_an_archive_that_lies_about_its_sizes_gives_nothing_more():
    content = bytearray(xlsx(HEADER + f"<row r='3'>{text('A3', 'x' * 5_000_000)}</row>"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lie = (1_000).to_bytes(4, "little")
    content = bytes(content).replace(size.to_bytes(4, "little"), lie)

    assert refusal_of(content).code in {"broken_workbook", "cell_too_long"}


def test_an_archive_that_is_packed_as_no_workbook_is_is_refused_unopened():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("xl/workbook.xml", "<a/>")

    assert refusal_of(out.getvalue()).code == "broken_workbook"


def test_an_archive_whose_parts_are_damaged_is_refused():
    content = bytearray(xlsx_of(["sku"], *([f"A{number}"] for number in range(500))))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    for place in range(part.header_offset + 80, part.header_offset + 400):
        content[place] ^= 0x5A

    assert refusal_of(bytes(content)).code == "broken_workbook"


@pytest.mark.parametrize("count", [1_200, 70_000])
def test_a_workbook_of_a_thousand_parts_is_refused(count):
    members = {f"xl/part{number}.xml": "" for number in range(count)}

    assert refusal_of(zipped({"xl/workbook.xml": "<a/>", **members})).code == "suspicious_archive"


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        f'<!-- {"x" * 30_000} --><!DOCTYPE x SYSTEM "file:///etc/passwd">',
    ],
)
def test_entities_in_a_workbooks_xml_are_refused(prolog):
    refused = refusal_of(xlsx(HEADER, prolog=prolog))

    assert refused.code == "suspicious_archive"
    assert "entities" in str(refused)


def test_a_workbook_larger_than_may_be_is_refused_unopened(settings):
    settings.IMPORT_MAX_WORKBOOK_BYTES = 1_000

    refused = refusal_of(xlsx_of(["sku"], ["A"]))

    assert (refused.code, refused.http_status) == ("workbook_too_large", 413)


def test_a_reader_that_takes_too_long_is_ended(monkeypatch, settings):
    def run(*_args, **options):
        assert options["timeout"] > 0
        raise subprocess.TimeoutExpired("reader", options["timeout"])

    monkeypatch.setattr(workbook.subprocess, "run", run)

    assert refusal_of(xlsx_of(["sku"], ["A"])).code == "workbook_too_big"


@pytest.mark.parametrize(
    ("code", "said", "refused"),
    [
        (-6, b"memory allocation of 549755813888 bytes failed", "workbook_too_big"),
        (-24, b"", "workbook_too_big"),
        (1, b"MemoryError", "workbook_too_big"),
        (1, b"OSError: [Errno 28] No space left on device", "no_room"),
        (1, b"pyo3_runtime.PanicException: index out of bounds", "broken_workbook"),
        (-11, b"", "broken_workbook"),
    ],
)
def test_whatever_ends_the_reader_is_told_in_a_sentence(monkeypatch, code, said, refused):
    monkeypatch.setattr(
        workbook.subprocess,
        "run",
        lambda *_args, **_options: subprocess.CompletedProcess([], code, b"", said),
    )

    assert refusal_of(xlsx_of(["sku"], ["A"])).code == refused


def test_the_system_bounds_what_the_reader_may_take():
    program = (
        "import importlib.util, sys, resource;"
        f"spec = importlib.util.spec_from_file_location('isolated', {str(workbook.READER)!r});"
        "reader = importlib.util.module_from_spec(spec); spec.loader.exec_module(reader);"
        f"reader.bound({{'memory_bytes': {workbook.MEMORY_BYTES}, 'seconds': 5, 'out_bytes': 9}});"
        f"bytearray({workbook.MEMORY_BYTES})"
    )

    ended = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False
    )

    assert "MemoryError" in ended.stderr
    assert workbook.MEMORY_BYTES < 512 * MEGABYTE


def test_the_reader_knows_no_secret_and_nothing_of_the_project(monkeypatch):
    seen = {}

    def run(command, **options):
        seen.update(options["env"], command=command)
        return subprocess.CompletedProcess([], 1, b"", b"")

    monkeypatch.setenv("SECRET_KEY", "hidden")
    monkeypatch.setattr(workbook.subprocess, "run", run)

    refusal_of(xlsx_of(["sku"], ["A"]))

    assert "SECRET_KEY" not in seen
    assert "hidden" not in json.dumps(seen["command"])
    assert "django" not in workbook.READER.read_text().replace("Django", "django").split('"""')[2]


def test_nothing_is_left_of_a_workbook(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    table = open_table(io.BytesIO(xlsx_of(["sku"], ["A"])))
    refusal_of(xlsx("<row"))

    assert table.sample().rows == [["A"]]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("columns", ["1000000000", "16384", "-1", "x"])
@pytest.mark.parametrize("rows", ["1000000000", "1048576"])
def test_a_cell_that_an_ods_repeats_without_an_end_is_refused(columns, rows):
    cell = "office:value-type='string' calcext:value-type=\"error\""

    refused = refusal_of(
        ods(
            f"<table:table-row table:number-rows-repeated='{rows}'>"
            f"<table:table-cell table:number-columns-repeated='{columns}' {cell}>"
            "<text:p>x</text:p></table:table-cell></table:table-row>"
        )
    )

    assert refused.code in {"workbook_too_big", "broken_workbook", "too_many_columns"}


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_workbook_is_read_or_refused(seed):
    chance = random.Random(seed)
    content = bytearray(xlsx(HEADER * 3, stored=True))
    for _turn in range(chance.randint(1, 8)):
        content[chance.randrange(len(content))] = chance.randrange(256)

    with suppress(refusals.FileRefused):
        open_table(io.BytesIO(bytes(content)))
