"""What holds for every sheet, whatever is in it."""

from __future__ import annotations

from contextlib import contextmanager

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice import changes
from backoffice.imports.export import export_sheet
from catalog.models import Category, Product, ProductTag, StockLevel, StockMovement, Tag
from tests.sheets import counts_of, csv_of, load, preview

HEADER = (
    "sku",
    "name",
    "description",
    "category",
    "tags",
    "status",
    "price",
    "compare_at_price",
    "weight_grams",
    "is_featured",
    "options",
    "stock",
    "parent_sku",
)
FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))

words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters=">,"),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip() and not text.strip().startswith("#"))
amounts = st.integers(0, 99_999).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
blank_or = lambda strategy: st.one_of(st.just(""), strategy)  # noqa: E731


@st.composite
def good_rows(draw):
    """Return the rows of a sheet of which none is at fault; some hang on others."""
    count = draw(st.integers(1, 6))
    rows = []
    for number in range(count):
        price = draw(amounts)
        rows.append(
            [
                f"SKU-{number}",
                draw(words),
                draw(blank_or(words)),
                draw(blank_or(st.lists(words, min_size=1, max_size=3).map(" > ".join))),
                draw(blank_or(st.lists(words, max_size=3).map(",".join))),
                draw(st.sampled_from(["", "draft", "published", "archived"])),
                price,
                draw(blank_or(st.just(f"{float(price) + 1:.2f}"))),
                draw(blank_or(st.integers(0, 5_000).map(str))),
                draw(st.sampled_from(["", "yes", "no"])),
                draw(blank_or(st.just("Colour=Slate; Size=M"))),
                draw(blank_or(st.integers(0, 90).map(str))),
                # The first is never a variant, so that the others may hang on it.
                draw(st.sampled_from(["", "SKU-0"])) if number else "",
            ]
        )
    return rows


@contextmanager
def an_example():
    """Every example starts from the same catalogue: what it writes is rolled back."""
    with changes.change(action="laws", separate=True), transaction.atomic():
        yield
        transaction.set_rollback(True)


def traces():
    """Return how much history there is: what an unchanged import must not add to."""
    return (
        Product.history.count(),
        ProductTag.history.count(),
        Category.history.count(),
        Tag.history.count(),
        StockMovement.objects.count(),
    )


def state():
    """Return the catalogue without keys and times: what two ways of importing must agree on."""
    products = {
        product.sku: (
            product.name,
            product.slug,
            product.description,
            product.status,
            product.price,
            product.compare_at_price,
            product.weight_grams,
            product.is_featured,
            product.options,
            product.parent.sku if product.parent else "",
            tuple(sorted(tag.name for tag in product.tags.all())),
            " > ".join(level.name for level in _path(product.category)),
        )
        for product in Product.objects.all()
    }
    stock = dict(StockLevel.objects.exclude(on_hand=0).values_list("product__sku", "on_hand"))
    return products, stock


def _path(category):
    return [*_path(category.parent), category] if category else []


@FEW
@given(good_rows())
def test_the_same_file_twice_changes_nothing_the_second_time(merchandiser, rows):
    with an_example():
        content = csv_of(HEADER, *rows)
        first = load(content, by=merchandiser)
        assert counts_of(first) == (len(rows), 0, 0, 0)
        before = traces()

        second = load(content, by=merchandiser)

        assert counts_of(second) == (0, 0, len(rows), 0)
        assert traces() == before


@FEW
@given(good_rows(), st.sampled_from(["csv", "xlsx"]))
def test_what_is_exported_imports_as_unchanged(merchandiser, rows, format_name):
    with an_example():
        load(csv_of(HEADER, *rows), by=merchandiser)
        before = traces()

        with export_sheet(sheet_name="products", format_name=format_name, by=merchandiser) as out:
            run = load(out.read(), by=merchandiser)

        assert counts_of(run) == (0, 0, len(rows), 0)
        assert traces() == before


@FEW
@given(good_rows(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(merchandiser, rows, dice):
    shuffled = list(rows)
    dice.shuffle(shuffled)
    with an_example():
        load(csv_of(HEADER, *rows), by=merchandiser)
        expected = state()

    with an_example():
        load(csv_of(HEADER, *shuffled), by=merchandiser)

        assert state() == expected


@FEW
@given(good_rows(), good_rows(), st.integers(0, 5))
def test_one_bad_row_under_all_or_nothing_changes_nothing(merchandiser, before_rows, rows, where):
    with an_example():
        load(csv_of(HEADER, *before_rows), by=merchandiser)
        expected, before = state(), traces()
        bad = [*rows[where % len(rows)][:6], "12.5.0", *[""] * 6]
        rows[where % len(rows)] = bad

        run = load(csv_of(HEADER, *rows), by=merchandiser)

        assert run.state == "validated"
        assert run.refused >= 1
        assert state() == expected
        assert traces() == before


@FEW
@given(good_rows(), good_rows())
def test_what_the_preview_shows_is_what_is_written(merchandiser, before_rows, rows):
    with an_example():
        load(csv_of(HEADER, *before_rows), by=merchandiser)
        shown = preview(csv_of(HEADER, *rows), by=merchandiser, policy="good_rows")
        planned = shown.plan.filter(verdict__in=["new", "changed"]).values("number")
        changed = set(shown.rows.filter(number__in=planned).values_list("key", flat=True))
        versions = dict(Product.objects.values_list("sku", "version"))

        applied = load(csv_of(HEADER, *rows), by=merchandiser, policy="good_rows")

        assert counts_of(applied) == counts_of(shown)
        touched = {
            product.sku
            for product in Product.objects.all()
            if versions.get(product.sku) != product.version
        }
        moved = set(
            StockMovement.objects.filter(cause_uuid=applied.uuid).values_list(
                "product__sku", flat=True
            )
        )
        assert touched | moved <= changed
