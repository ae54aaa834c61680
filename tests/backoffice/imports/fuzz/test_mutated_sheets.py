"""Whatever is in a file: it is imported, or refused with a sentence, in bounded time and memory.

Some hundred mutated sheets by default, 10,000 by `--hypothesis-profile=deep`.
"""

from __future__ import annotations

import hashlib
import io
import resource
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import pytest
from django.core.files.storage import storages
from django.db import connection, transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backoffice import changes
from backoffice.imports import Choices, apply_run, start_run
from backoffice.imports.preview import TABS, page_of, reasons_of, tab_counts
from backoffice.imports.refused_out import refused_rows
from backoffice.models import ImportRun
from backoffice.refused import Refused
from catalog.models import Product, StockLevel, StockMovement
from orders.models import Order
from tests.backoffice.imports.fuzz.mutations import mutated_texts, mutated_workbooks
from tests.backoffice.imports.fuzz.originals import texts, workbooks
from tests.catalog.factories import ProductFactory

FEWER = {"text": 60, "workbook": 20}
NORMAL = {"text": 220, "workbook": 80}
DEEP = {"text": 7_500, "workbook": 2_500}
SECONDS, KILOBYTES = 30, 512 * 1024
STATES = {"applied", "validated", "mapping", "received"}

choices = st.builds(
    Choices,
    key=st.sampled_from(["", "", "", "barcode", "slug"]),
    blanks=st.sampled_from(
        [{}, {}, {"name": "clear", "price": "clear"}, {"stock": "refuse"}, {"tags": "clear", "parent_sku": "clear"}]
    ),
    defaults=st.sampled_from([{}, {}, {"price": "1.00", "tags": "new", "stock": "2", "category": "A > B"}]),
    ignore_unknown=st.booleans(),
    stock_means=st.sampled_from(["counted", "difference"]),
)  # fmt: skip
MODES = st.sampled_from(["", "", "create", "update"])


@pytest.fixture
def buyer(make_user):
    return make_user(email="buyer@example.com", is_superuser=True)


@pytest.fixture
def many(request):
    """Return how many examples of a kind are wanted."""
    if request.config.getoption("--hypothesis-profile") == "deep":
        return DEEP
    # The whole number runs on the database that refuses more; on SQLite a part of it.
    return NORMAL if connection.vendor == "postgresql" else FEWER


@contextmanager
def bounded() -> Iterator[None]:
    """Break off what takes too long, and refuse what took too much memory.

    What a workbook's own process may take is bounded by the system: see `test_workbook_bombs`.
    """

    def late(*_args: object) -> None:
        raise AssertionError(f"over {SECONDS} s")

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < KILOBYTES, f"{grown} KB more"


@contextmanager
def rolled_back() -> Iterator[None]:
    with changes.change(action="fuzz", separate=True), transaction.atomic():
        ProductFactory(sku="CUP", name="Cup", price="5.00", stock=9, barcode="2912345000015")
        ProductFactory(sku="JAR-S", name="Jar", price="12.00", slug="jar", status="published")
        yield
        transaction.set_rollback(True)


def stored():
    try:
        return set(storages["private"].listdir("imports")[1])
    except FileNotFoundError:
        return set()


def standing():
    return (
        Product.objects.count(),
        Product.history.count(),
        StockMovement.objects.count(),
        Order.objects.count(),
    )


def tried(content, by, sheet, chosen, mode, *, may_ask=False):
    """Start a run and apply its good rows; None: refused as a whole."""
    files, before = stored(), standing()
    try:
        run = start_run(
            sheet_name=sheet,
            file=io.BytesIO(content),
            file_name="sheet",
            by=by,
            mode=mode,
            policy="good_rows",
            choices=chosen,
            may_ask=may_ask,
        )
    except Refused as refused:
        kindly(refused, before)
        gone(files)
        return None
    assert standing() == before, "reading wrote something"
    looked_at(run)
    if run.state == "validated":
        try:
            run = apply_run(uuid=run.uuid, by=by, reason="")
        except Refused as refused:
            kindly(refused, before)
        run.refresh_from_db()
    assert run.state in STATES
    looked_at(run)
    consistent(run, before)
    storages["private"].delete(run.stored_as)
    return run


def kindly(refused, before):
    """What is refused says why, and wrote nothing."""
    assert str(refused).strip()
    assert standing() == before


def gone(files):
    assert stored() == files, "the file of a refused sheet was kept"


def looked_at(run):
    """Every page of a run can be shown."""
    counts = tab_counts(run)
    for tab in TABS:
        page = page_of(run, tab)
        assert len(page.rows) == min(counts[tab], 50), tab
    reasons_of(run)
    if run.refused:
        for form in ("csv", "xlsx"):
            with refused_rows(run, form) as sheet:
                assert sheet.read()


def consistent(run, before):
    """All or nothing, each product with its history, each shelf with its movements."""
    if run.state != "applied":
        assert standing() == before, "half done"
        return
    products, history, _movements, orders = standing()
    if run.sheet == "orders":
        assert orders == before[3] + run.new
        return
    assert products == before[0] + run.new
    assert history >= before[1] + run.new
    born = Product.history.filter(change_set=run.change_set_id, history_type="+")
    assert born.count() == run.new
    moved = StockMovement.objects.values("product").annotate(moved=Sum("on_hand_delta"))
    shelves = dict(StockLevel.objects.values_list("product", "on_hand"))
    assert all(shelves[one["product"]] == one["moved"] for one in moved)
    short = F("committed") + F("unavailable")
    assert not StockLevel.objects.filter(on_hand__lt=short).exists()


@contextmanager
def kept_when_it_fails(content) -> Iterator[None]:
    """Shrinking takes minutes, and an example may be a megabyte: it is left in a file."""
    try:
        yield
    except Exception as error:
        path = Path(gettempdir()) / f"mutated-{hashlib.sha256(content).hexdigest()[:12]}"
        path.write_bytes(content)
        error.add_note(f"the file is {path}")
        raise


def run_twice(content, by, sheet, chosen, mode):
    """The same file once more: nothing new, nothing changed, whatever the first time did."""
    with kept_when_it_fails(content), warnings.catch_warnings(), rolled_back():
        warnings.simplefilter("error")
        with bounded():
            run = tried(content, by, sheet, chosen, mode)
        if run is None:
            tried(content, by, sheet, chosen, mode, may_ask=True)
        elif run.state == "applied" and sheet == "products" and run.mode != ImportRun.Mode.CREATE:
            again = tried(content, by, sheet, chosen, mode)
            assert again is not None
            assert (again.new, again.changed) == (0, 0)


def few(count):
    return settings(
        max_examples=count,
        deadline=None,
        database=None,
        # The same sheets in every run of CI; the deep profile looks for others.
        derandomize=count in {*NORMAL.values(), *FEWER.values()},
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def test_a_mutated_text_is_imported_or_refused(buyer, many):
    @few(many["text"])
    @given(mutated_texts(texts()), choices, MODES)
    def one(file, chosen, mode):
        sheet, content = file
        run_twice(content, buyer, sheet, chosen, mode)

    one()


def test_a_mutated_workbook_is_imported_or_refused(buyer, many):
    @few(many["workbook"])
    @given(mutated_workbooks(workbooks()), choices, MODES)
    def one(content, chosen, mode):
        run_twice(content, buyer, "products", chosen, mode)

    one()


def test_unmutated_originals_are_imported(buyer):
    """The control: what is mutated leads somewhere before it is."""
    accepted = 0
    for sheet, content in [*texts(), *(("products", book) for book in workbooks())]:
        with rolled_back():
            run = tried(content, buyer, sheet, Choices(ignore_unknown=True), "", may_ask=True)
            accepted += run is not None and run.state == "applied" and bool(run.new)

    assert accepted >= len(texts())
