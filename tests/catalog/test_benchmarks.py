"""The benchmark of imports: a small run is whole, and it is loud when a way does other work."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from django.db import connection

from catalog import services
from catalog.benchmarks import imports, library, supplier
from catalog.models import Product

CASES = {"new", "unchanged", "10 % changed"}
IN_AND_OUT = CASES | {"export csv", "export xlsx", "read xlsx"}


@pytest.mark.django_db(transaction=True)
def test_a_small_run_measures_every_way() -> None:
    measured = imports.measure_imports(rows=40, baseline_rows=20, rounds=1)

    ways = {case: set() for case in IN_AND_OUT}
    for row in measured.rows:
        ways[row["case"]].add(row["way"])
    copied = {imports.COPY} if connection.vendor == "postgresql" else set()
    for case in CASES:
        others = {imports.OURS, imports.DEFAULT, imports.BULK}
        assert ways[case] == others | (copied if case == "new" else set())
    for case in IN_AND_OUT - CASES:
        assert ways[case] == {imports.OURS, imports.DEFAULT}
    wanted = set(imports.RATIOS) - (set() if copied else {imports.AGAINST_COPY})
    assert set(measured.ratios) == wanted
    assert all(ratio > 0 for ratio in measured.ratios.values())
    assert measured.facts["unchanged_audited_rows_written"] == 0
    assert measured.facts["unchanged_audited_rows_history_written"] == 0
    json.dumps(measured.as_json())


@pytest.mark.django_db(transaction=True)
def test_growth_compares_the_smallest_sheet_with_the_largest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(imports, "SMALLEST", 10)
    bench = imports._Imports(tmp_path, rows=100, baseline_rows=10)

    bench.measure_growth(100)

    sizes = [row["rows"] for row in bench.measured.rows]
    assert sizes == [10, 100] * len(CASES)
    assert len(bench.measured.facts) == 2 * len(CASES)


@pytest.mark.django_db(transaction=True)
def test_a_way_that_writes_other_products_is_not_compared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def forget_tags(field: library.TagsField, *args: object, **options: object) -> None:
        """Save nothing: faster, and not the same work."""

    monkeypatch.setattr(library.TagsField, "save", forget_tags)
    bench = imports._Imports(tmp_path, rows=10, baseline_rows=10)

    with pytest.raises(RuntimeError, match="do not write the same"):
        bench.warm_up()


@pytest.mark.django_db(transaction=True)
def test_an_import_that_did_something_else_is_not_measured(tmp_path: Path) -> None:
    bench = imports._Imports(tmp_path, rows=10, baseline_rows=10)
    bench._clear()
    path = bench._sheet(10)
    bench._run_ours(path)

    with pytest.raises(RuntimeError, match="instead of"):
        bench._checked(path, new=10)


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_refused_is_not_measured(tmp_path: Path) -> None:
    bench = imports._Imports(tmp_path, rows=10, baseline_rows=10)
    bench._clear()
    path = bench._sheet(10)
    path.write_text(path.read_text().replace("EUR", "Euros"))

    with pytest.raises(RuntimeError, match="10"):
        bench._run_ours(path)


@pytest.mark.django_db(transaction=True)
def test_an_export_that_leaves_rows_out_is_not_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def export_little(path: Path) -> None:
        path.write_text("sku,name\nSUP-1,One\n")

    monkeypatch.setattr(library, "export_csv", export_little)
    bench = imports._Imports(tmp_path, rows=10, baseline_rows=10)

    with pytest.raises(RuntimeError, match="1 rows instead of 10"):
        bench.measure_sheets(rounds=1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_write_to_an_unchanged_product_is_counted(tmp_path: Path) -> None:
    bench = imports._Imports(tmp_path, rows=10, baseline_rows=10)
    bench._clear()
    bench._run_ours(bench._sheet(10))
    point, before = bench._mark(), imports._history_rows()

    product = Product.objects.first()
    services.edit_product(
        product_id=product.pk, changes={"name": "Another"}, by=bench.by, reason="A test"
    )

    assert bench._touched(point)["written"] == 2
    assert imports._history_rows() - before == 1


# --- The sheet ---


def test_the_sheet_is_the_same_at_every_run_and_its_products_differ(tmp_path: Path) -> None:
    first = list(supplier.rows(2_000))

    assert first == list(supplier.rows(2_000))
    for column in ("sku", "barcode"):
        at = supplier.COLUMNS.index(column)
        assert len({row[at] for row in first}) == len(first)
    assert {len(row) for row in first} == {len(supplier.COLUMNS)}


def test_one_row_in_ten_of_the_other_sheet_is_changed(tmp_path: Path) -> None:
    before = supplier.write_csv(tmp_path / "before.csv", 95)
    after = supplier.write_csv(tmp_path / "after.csv", 95, is_changed=True)

    pairs = zip(_cells(before), _cells(after), strict=True)
    changed = [(old, new) for old, new in pairs if old != new]

    assert len(changed) == supplier.changed_rows(95) == 9
    for old, new in changed:
        differs = {name for name, a, b in zip(supplier.COLUMNS, old, new, strict=True) if a != b}
        assert {"price", "stock"} <= differs <= {"price", "stock", "cost", "compare_at_price"}


def _cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
