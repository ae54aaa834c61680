"""Sheets in and out: ours beside django-import-export and beside bare COPY.

Every measurement is a process of its own on tables that were brought to rest. The slow ways are
measured with fewer rows and scaled to ours: they do the same for each row, so the time is a line.
"""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import connection, models
from django.test.utils import override_settings

from backoffice import changes
from backoffice.benchmarks import (
    Measured,
    Sample,
    benchmark,
    empty,
    mark,
    rows_touched,
    sample,
    settle,
)
from backoffice.imports import run_sheet
from backoffice.imports.export import export_sheet
from backoffice.imports.read import open_table
from backoffice.models import ImportPlan, ImportRow, ImportRun, User
from catalog.benchmarks import copying, library, supplier
from catalog.models import Product
from catalog.services import ensure_category_paths, ensure_tags
from catalog.services.locations import default_location

REASON = "Measured"
ROWS = 100_000
BASELINE_ROWS = 1_000
ROUNDS = 3
SMALLEST, LARGEST = 10_000, 1_000_000
WARM_ROWS = 50
WITHOUT_LIMITS = {"IMPORT_MAX_ROWS": 10**9, "IMPORT_MAX_BYTES": 10**9}
NEW, UNCHANGED, CHANGED = "new", "unchanged", "10 % changed"
OURS, DEFAULT, BULK, COPY = "ours", "import-export", "import-export bulk", "bare COPY"
READ = "read xlsx"
AGAINST_COPY = "new_vs_copy"
# Which case a ratio is of, and what is promised of it.
RATIOS = {
    "new_vs_default": (NEW, "at least 50 times as fast"),
    "changed10_vs_default": (CHANGED, "at least 150 times as fast"),
    "unchanged_vs_default": (UNCHANGED, "at least 200 times as fast"),
    AGAINST_COPY: (NEW, "at most 1.5 times the seconds of bare COPY"),
    "export_xlsx_vs_default": ("export xlsx", "at least 15 times as fast"),
    "export_csv_vs_default": ("export csv", "at least 8 times as fast"),
}
# What earlier runs would leave to be read over; no foreign key empties it with them.
STAGING: tuple[type[models.Model], ...] = (ImportRun, ImportRow, ImportPlan)
# What must not be written when a file says nothing new.
AUDITED: tuple[type[models.Model], ...] = copying.TABLES


@benchmark("imports", takes=("rows", "baseline_rows", "rounds", "growth"))
def measure_imports(
    *,
    rows: int = ROWS,
    baseline_rows: int = BASELINE_ROWS,
    rounds: int = ROUNDS,
    growth: bool = False,
) -> Measured:
    """Import, export and read a supplier's sheet of `rows` products.

    baseline_rows: for what is too slow for all of them. growth: up to 1,000,000 rows.
    """
    with (
        TemporaryDirectory(prefix="benchmark-") as folder,
        override_settings(**WITHOUT_LIMITS),
        changes.change(separate=True, action="benchmark"),
    ):
        bench = _Imports(Path(folder), rows=rows, baseline_rows=min(baseline_rows, rows))
        bench.warm_up()
        bench.measure_imports(rounds)
        bench.measure_sheets(rounds)
        bench.note_ratios()
        bench.measure_growth(LARGEST if growth else rows)
    return bench.measured


class _Imports:
    def __init__(self, folder: Path, *, rows: int, baseline_rows: int) -> None:
        self.folder, self.rows, self.baseline_rows = folder, rows, baseline_rows
        self.measured = Measured()
        self.taken: dict[tuple[str, str], list[Sample]] = defaultdict(list)  # by case and way
        self.touched: Counter[str] = Counter(written=0, locked=0, history_written=0)
        self.by = User.objects.create_superuser("benchmark@example.com", None)
        # Every way finds these; to make them is not what is measured.
        ensure_category_paths(paths=supplier.category_paths(), by=self.by, reason=REASON)
        ensure_tags(names=supplier.TAGS, by=self.by, reason=REASON)
        default_location()

    # --- Imports ------------------------------------------------------------------------------

    def warm_up(self) -> None:
        """Import a handful each way and in this process: whatever is loaded late is loaded now.

        The ways must also agree on what the table holds afterwards, or they cannot be compared.
        """
        results = []
        ways = (
            self._run_ours,
            partial(library.import_sheet, resource_class=library.LibraryResource),
            partial(library.import_sheet, resource_class=library.BulkResource),
        )
        for way in ways:
            self._clear()
            for is_changed in (False, False, True):
                way(self._sheet(WARM_ROWS, is_changed=is_changed))
                results.append(_contents())
        first, same, changed = results[:3]
        if first != same or first == changed or results != [first, same, changed] * len(ways):
            raise RuntimeError("The ways do not write the same products.")

    def measure_imports(self, rounds: int) -> None:
        """Let the ways take turns, so that none of them has the machine's bad minute alone."""
        ways: list[Callable[[], None]] = [
            partial(self._measure_library, DEFAULT, library.LibraryResource),
            partial(self._measure_library, BULK, library.BulkResource),
            self._measure_ours,
        ]
        for _ in range(rounds):
            for measure in ways:
                measure()
        for case in (NEW, UNCHANGED, CHANGED):
            self._note_taken(case, DEFAULT, self.baseline_rows)
            self._note_taken(case, BULK, self.baseline_rows)
            self._note_taken(case, OURS, self.rows)
            if (case, COPY) in self.taken:
                self._note_taken(case, COPY, self.rows)
        self.measured.facts |= {
            f"unchanged_audited_rows_{what}": number for what, number in self.touched.items()
        }

    def note_ratios(self) -> None:
        ratios = self.measured.ratios
        for name, (case, _promise) in RATIOS.items():
            ours = self.best(case, OURS).seconds / self.rows
            if name == AGAINST_COPY:
                if (case, COPY) in self.taken:
                    bare = self.best(case, COPY).seconds / self.rows
                    ratios[name] = round(ours / bare, 2)
                continue
            theirs = self.best(case, DEFAULT).seconds / self.baseline_rows
            ratios[name] = round(theirs / ours, 1)
        self.measured.facts["promised"] = {name: promise for name, (_, promise) in RATIOS.items()}

    def _measure_library(self, way: str, resource_class: type[library.LibraryResource]) -> None:
        self._clear()
        for case, is_changed in ((NEW, False), (UNCHANGED, False), (CHANGED, True)):
            settle()
            path = self._sheet(self.baseline_rows, is_changed=is_changed)
            self._take(case, way, sample(partial(library.import_sheet, path, resource_class)))

    def _measure_ours(self) -> None:
        self._take(NEW, OURS, self._ours_new(self.rows))
        if connection.vendor == "postgresql":
            copying.dump(self.folder)
            self._clear()
            settle()
            self._take(NEW, COPY, sample(partial(copying.load, self.folder)))
        before, point = _history_rows(), self._mark()
        self._take(UNCHANGED, OURS, self._ours_again(self.rows))
        for what, number in self._touched(point).items():
            self.touched[what] += number
        self.touched["history_written"] += _history_rows() - before
        self._take(CHANGED, OURS, self._ours_again(self.rows, is_changed=True))

    def _ours_new(self, count: int) -> Sample:
        self._clear()
        settle()
        return self._checked(self._sheet(count), new=count)

    def _ours_again(self, count: int, *, is_changed: bool | None = None) -> Sample:
        """Import over what is there. is_changed: None: the file says what is there already."""
        empty(*STAGING)
        settle()
        changed = 0 if is_changed is None else supplier.changed_rows(count)
        path = self._sheet(count, is_changed=self._is_changed if is_changed is None else is_changed)
        return self._checked(path, changed=changed, unchanged=count - changed)

    def _checked(self, path: Path, **expected: int) -> Sample:
        """Measure our import, and fail when it did not do what it was asked for."""
        found = sample(partial(self._run_ours, path))
        wanted = {"new": 0, "changed": 0, "unchanged": 0, "refused": 0, **expected}
        if found.value != wanted:
            raise RuntimeError(f"The import came to {found.value} instead of {wanted}.")
        return found

    def _run_ours(self, path: Path) -> dict[str, int]:
        run = run_sheet("products", path, by=self.by, reason=REASON)
        if run.state != ImportRun.State.APPLIED:
            raise RuntimeError(run.outcome)
        names = ("new", "changed", "unchanged", "refused")
        return {name: getattr(run, name) for name in names}

    # --- Sheets -------------------------------------------------------------------------------

    def measure_sheets(self, rounds: int) -> None:
        """Export every product, read the workbook again; and as many as the library can bear."""
        ways: dict[str, tuple[Callable[[Path], Any], Callable[[Path], Any]]] = {
            "export csv": (partial(self._export, "csv"), library.export_csv),
            "export xlsx": (partial(self._export, "xlsx"), library.export_xlsx),
            READ: (_read, library.read_xlsx),
        }
        for at, way, count in ((0, OURS, self.rows), (1, DEFAULT, self.baseline_rows)):
            self._fill(count)
            for _ in range(rounds):
                for case, pair in ways.items():
                    path = self.folder / f"products.{'csv' if 'csv' in case else 'xlsx'}"
                    found = sample(partial(pair[at], path))
                    there = found.value if case == READ else sample(partial(_read, path)).value
                    if there != count:
                        raise RuntimeError(f"{case}, {way}: {there} rows instead of {count}.")
                    self._take(case, way, found)
        for case in ways:
            self._note_taken(case, DEFAULT, self.baseline_rows)
            self._note_taken(case, OURS, self.rows)

    def _fill(self, count: int) -> None:
        """Let there be `count` products."""
        if Product.objects.count() != count:
            self._ours_new(count)
        settle()

    def _export(self, format_name: str, path: Path) -> None:
        out = export_sheet(sheet_name="products", format_name=format_name, by=self.by)
        with out, path.open("wb") as file:
            shutil.copyfileobj(out, file)

    # --- Growth -------------------------------------------------------------------------------

    def measure_growth(self, largest: int) -> None:
        """Note how time and memory grow with the file, ten times as many rows at a time."""
        sizes = [size for size in (SMALLEST, 10 * SMALLEST, LARGEST) if size <= largest]
        if sizes in ([], [SMALLEST]):
            return
        found: dict[str, dict[int, Sample]] = {NEW: {}, UNCHANGED: {}, CHANGED: {}}
        for size in sizes:
            found[NEW][size] = self._ours_new(size)
            found[UNCHANGED][size] = self._ours_again(size)
            found[CHANGED][size] = self._ours_again(size, is_changed=True)
        facts = self.measured.facts
        for case, samples in found.items():
            for size, each in samples.items():
                self._note(f"{case}, growth", OURS, size, each)
            small, large = samples[sizes[0]], samples[sizes[-1]]
            # 1.0: ten times the rows take ten times as long.
            a_row = large.seconds / sizes[-1] / (small.seconds / sizes[0])
            facts[f"{case}: time per row at {sizes[-1]:,} / at {sizes[0]:,} rows"] = round(a_row, 2)
            grown = round(large.peak_mb - small.peak_mb, 1)
            facts[f"{case}: memory growth in MB, {sizes[0]:,} to {sizes[-1]:,} rows"] = grown

    # --- Tables, files and notes --------------------------------------------------------------

    def _clear(self) -> None:
        empty(*STAGING, *copying.TABLES)
        self._is_changed = False

    def _sheet(self, count: int, *, is_changed: bool = False) -> Path:
        self._is_changed = is_changed
        path = self.folder / f"supplier-{count}-{is_changed}.csv"
        return path if path.exists() else supplier.write_csv(path, count, is_changed=is_changed)

    def _mark(self) -> int:
        return mark() if connection.vendor == "postgresql" else 0

    def _touched(self, point: int) -> dict[str, int]:
        return rows_touched(point, AUDITED) if connection.vendor == "postgresql" else {}

    def _take(self, case: str, way: str, found: Sample) -> None:
        self.taken[case, way].append(found)

    def best(self, case: str, way: str) -> Sample:
        """Return the shortest of the times, with the highest of the peaks.

        Whatever else the machine does can only make a round longer.
        """
        samples = self.taken[case, way]
        peak = max(sample.peak_mb for sample in samples)
        return Sample(min(sample.seconds for sample in samples), peak)

    def _note_taken(self, case: str, way: str, count: int) -> None:
        self._note(case, way, count, self.best(case, way))

    def _note(self, case: str, way: str, count: int, found: Sample) -> None:
        """Add a row to the table."""
        default = self.taken.get((case, DEFAULT))
        times = None
        if default:
            a_row = self.best(case, DEFAULT).seconds / self.baseline_rows
            times = round(a_row / (found.seconds / count), 1)
        self.measured.rows.append(
            {
                "case": case,
                "way": way,
                "rows": count,
                "seconds": round(found.seconds, 3),
                "scaled_seconds": round(found.seconds / count * self.rows, 1),
                "rows_per_second": round(count / found.seconds),
                "times_import_export": times,
                "peak_mb": found.peak_mb,
            }
        )


def _history_rows() -> int:
    return sum(model._default_manager.count() for model in AUDITED)


def _read(path: Path) -> int:
    with path.open("rb") as file:
        return sum(len(chunk.rows) for chunk in open_table(file).chunks())


def _contents() -> list[Any]:
    """Return what the products, their tags and their stock are, whoever wrote them."""
    columns = [name for name in supplier.COLUMNS if name not in {"category", "tags", "stock"}]
    products = Product.objects.order_by("sku").prefetch_related("tags", "levels", "movements")
    return [
        (
            *(getattr(product, name) for name in columns),
            product.slug,
            product.category_id,
            sorted(tag.name for tag in product.tags.all()),
            [level.on_hand for level in product.levels.all()],
            sum(move.on_hand_delta for move in product.movements.all()),
            product.history.count(),
        )
        for product in products
    ]
