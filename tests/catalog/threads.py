"""Real threads for races: each with a connection and a change of its own, started together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from backoffice import changes

THREADS = 16


def in_threads(work, count=THREADS):
    """Run `work(number)` in threads that start together; return what each returned or raised."""
    start = threading.Barrier(count)

    def run(number):
        try:
            with changes.change(separate=True, action="race"):
                start.wait(timeout=20)
                return work(number)
        except Exception as error:  # noqa: BLE001  (the test judges it)
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
