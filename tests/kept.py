"""What the cache keeps between two requests, and how a test gets rid of it."""

from __future__ import annotations

from django.core.cache import cache


def forget() -> None:
    """Forget our keys only: `clear` would empty a Redis that other tests, or brokers, use as well."""
    if hasattr(cache, "delete_pattern"):
        cache.delete_pattern("*")
    else:
        cache.clear()
