"""Sample reviews: what customers say about what they have, most of them read, some waiting."""

from __future__ import annotations

import json
import random
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from backoffice import changes, demo
from catalog import services as catalog
from catalog.models import Review
from orders.models import Customer, OrderLine

MOST = 110
WAITING = 6


@demo.part("reviews")
def load_reviews() -> str:
    if Review.objects.exists():
        return "already there"
    dice = random.Random(7)  # noqa: S311  (sample data)
    reader = demo.account("merchandiser")
    texts = json.loads((settings.BASE_DIR / "fixtures" / "reviews.json").read_text("utf-8"))
    people = Customer.objects.in_bulk()
    lines = OrderLine.objects.filter(shipped__gt=0).order_by("pk")
    bought = list(lines.values_list("order__customer", "product", "product__parent").distinct())
    dice.shuffle(bought)
    written: list[int] = []
    seen: set[tuple[object, int]] = set()
    now = timezone.now()
    for customer, product, parent in bought:
        shown = parent or product
        if (customer, shown) in seen or len(written) >= MOST:
            continue
        seen.add((customer, shown))
        said = dice.choice(texts)
        moment = now - timedelta(days=dice.uniform(0.1, 60))
        person = people[customer]
        with changes.change(
            action="catalog.submit_review", channel="shop", by=person, separate=True, at=moment
        ):
            review = catalog.submit_review(
                product_id=shown, author=person, by=person, reason="", **said
            )
        written.append(review.pk)
    with changes.change(action="catalog.approve_review", by=reader, separate=True):
        catalog.approve_reviews(review_ids=written[WAITING:], by=reader, reason="")
    return f"{len(written)} written, {min(WAITING, len(written))} of them wait"
