"""The search index: which products' words are old, and reading them again. PostgreSQL only."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from backoffice import jobs
from backoffice.models import Job
from catalog.models import Product, ProductIndex, ProductTag, Tag

KIND = "catalog.index_products"
AT_ONCE = 1_000


def has_index() -> bool:
    return connection.vendor == "postgresql"


def old_words() -> QuerySet[Product]:
    """Return the products whose words are not in the index as they are now."""
    fresh = ProductIndex.objects.filter(product=OuterRef("pk"), version=OuterRef("version"))
    found: QuerySet[Product] = Product.objects.filter(~Exists(fresh))
    return found


def forget_words(*, tag_ids: Iterable[int]) -> None:
    """Let the words of all products that bear a tag be read again: it is spelled differently."""
    bearing = ProductTag.objects.filter(tag__in=list(tag_ids)).values("product")
    ProductIndex.objects.filter(product__in=bearing).delete()


def ask_for_words() -> None:
    """Start the job, unless one that has not begun waits already."""
    if not has_index():
        return
    waiting = Job.objects.filter(kind=KIND, state=Job.State.QUEUED, run_after=None)
    if not waiting.exists():
        jobs.start_unasked(KIND)


def read_words(run: jobs.Run | None = None) -> int:
    """Read the words of products that changed, a thousand at a time; return how many.

    Name and SKU weigh most, then tags, then the description. A product that changes meanwhile is
    found again, for its version differs.
    """
    if not has_index():
        return 0
    done = 0
    while ids := list(old_words().order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_READ, {"config": settings.SEARCH_CONFIG, "ids": ids})
        done += len(ids)
        if run is not None:
            run.check()
            run.progress(done, done)
    return done


# A word over 2 KB is no word; PostgreSQL would refuse a vector above 1 MB.
_READ = f"""
INSERT INTO {ProductIndex._meta.db_table} (product_id, version, vector)
SELECT p.id, p.version,
    setweight(to_tsvector(%(config)s::regconfig, p.name || ' ' || p.sku), 'A')
    || setweight(to_tsvector(%(config)s::regconfig, COALESCE((
        SELECT string_agg(t.name, ' ') FROM {ProductTag._meta.db_table} l
        JOIN {Tag._meta.db_table} t ON t.id = l.tag_id WHERE l.product_id = p.id), '')), 'B')
    || setweight(to_tsvector(%(config)s::regconfig, left(p.description, 100000)), 'C')
FROM {Product._meta.db_table} p WHERE p.id = ANY(%(ids)s)
ON CONFLICT (product_id) DO UPDATE SET version = EXCLUDED.version, vector = EXCLUDED.vector
"""  # noqa: S608  (identifiers of models; values are parameters)
