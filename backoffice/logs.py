"""What every log line carries: the request's id and the change set that it belongs to."""

import logging
from contextvars import ContextVar

from backoffice import changes

request_id: ContextVar[str] = ContextVar("request_id", default="-")


class ContextFilter(logging.Filter):
    """Adds `request_id` and `change_set` to each record; it filters nothing out."""

    def filter(self, record: logging.LogRecord) -> bool:
        change = changes.current()
        record.request_id = request_id.get()
        record.change_set = str(change._row.uuid) if change and change._row else "-"
        return True
