"""A supplier's sheet of any length, the same at every run: what the imports are measured with."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

COLUMNS = (
    "sku",
    "barcode",
    "name",
    "description",
    "category",
    "tags",
    "status",
    "price",
    "compare_at_price",
    "cost",
    "currency",
    "weight_grams",
    "low_stock_threshold",
    "stock",
    "meta_title",
)
ROOTS = (
    "Kitchen", "Bath", "Garden", "Office", "Lighting", "Textiles", "Storage", "Tools", "Toys",
    "Travel", "Pets", "Sports", "Baby", "Outdoor", "Tableware", "Decoration", "Bedroom",
    "Cleaning", "Electronics", "Stationery",
)  # fmt: skip
LEAVES = (
    "Basics", "Classics", "New arrivals", "Bestsellers", "Sets", "Spare parts", "Gifts",
    "Accessories", "Outlet", "Premium",
)  # fmt: skip
TAGS = tuple(f"{what} {n}" for what in ("season", "set", "lot", "line", "range") for n in range(10))
LOOKS = ("Brushed", "Matt", "Polished", "Woven", "Pale", "Dark", "Striped", "Plain", "Ribbed")
STUFFS = ("Steel", "Oak", "Linen", "Stoneware", "Glass", "Cork", "Brass", "Cotton", "Beech")
THINGS = (
    "Kettle", "Bowl", "Cushion", "Lamp", "Basket", "Shelf", "Cup", "Tray", "Towel", "Vase", "Box",
    "Stool", "Jug", "Board", "Hook", "Frame",
)  # fmt: skip
PHRASES = (
    "Made in a small workshop by the sea",
    "Easy to clean with a damp cloth",
    "Comes well packed in recycled paper",
    "Each piece differs a little in tone",
    "Suitable for every day and for guests",
)
# Multiplied by the row's number and cut by a prime: no two alike, in no order.
SCATTER, PRIME = 7_919, 9_999_991
EVERY = 10


def category_paths() -> list[str]:
    return [f"{root} > {leaf}" for root in ROOTS for leaf in LEAVES]


def rows(count: int, *, is_changed: bool = False) -> Iterator[list[str]]:
    """Yield the cells of `count` products.

    is_changed: of every tenth one price and stock are others than before.
    """
    for n in range(count):
        yield _cells(n, is_changed=is_changed and n % EVERY == EVERY // 2)


def changed_rows(count: int) -> int:
    """Return how many of `count` rows differ between the two sheets."""
    return len(range(EVERY // 2, count, EVERY))


def write_csv(path: Path, count: int, *, is_changed: bool = False) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows(count, is_changed=is_changed))
    return path


def _cells(n: int, *, is_changed: bool) -> list[str]:
    mixed = (n + 1) * SCATTER % PRIME
    price = Decimal(300 + mixed % 20_000) / 100
    stock = mixed % 90
    if is_changed:
        price, stock = price + 1, stock + 5
    look, stuff, thing = (
        words[mixed // part % len(words)]
        for words, part in ((LOOKS, 7), (STUFFS, 11), (THINGS, 13))
    )
    # One in fifty bears the name of others: their slugs need a number.
    name = f"{look} {stuff} {thing}" + (f" No. {n}" if n % 50 else "")
    barcode = f"29{n:010d}"
    tags = sorted({TAGS[(mixed // part) % len(TAGS)] for part in (3, 17, 29)[: mixed % 4]})
    first, second = mixed % len(PHRASES), mixed // 5 % len(PHRASES)
    return [
        f"SUP-{mixed:07d}",
        barcode + _check_digit(barcode),
        name,
        f"{look} {thing.lower()} of {stuff.lower()}. {PHRASES[first]}. {PHRASES[second]}; "
        f"article {mixed:07d} of our list.",
        f"{ROOTS[mixed // 3 % len(ROOTS)]} > {LEAVES[mixed // 61 % len(LEAVES)]}",
        ",".join(tags),
        "draft" if mixed % 10 == 0 else "published",
        f"{price:.2f}",
        f"{price + 5:.2f}" if mixed % 3 == 0 else "",
        f"{price * 3 / 5:.2f}" if mixed % 4 else "",
        "EUR",
        str(100 + mixed % 4_000),
        str(mixed % 12),
        str(stock),
        f"{look} {stuff} {thing} | Harbour" if mixed % 2 else "",
    ]


def _check_digit(digits: str) -> str:
    """Return the last digit of an EAN-13."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return str(-total % 10)
