"""What every log line carries, the request's id and its change set, and what none may carry."""

import logging
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from backoffice import changes, scrub

request_id: ContextVar[str] = ContextVar("request_id", default="-")


class ContextFilter(logging.Filter):
    """Adds `request_id` and `change_set` to each record; it filters nothing out."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django tells of a refused request when everything around it has ended already.
        record.request_id = getattr(getattr(record, "request", None), "id", request_id.get())
        record.change_set = change_set_id()
        return True


class CleanTextFormatter(logging.Formatter):
    """A line for people; cleaned as a whole, since a secret may stand in a traceback as well."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub.clean(super().format(record))


class CleanJsonFormatter(JsonFormatter):
    """A line for machines, cleaned value by value: it stays JSON whatever is taken out of it."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value if isinstance(value, (int, float, bool)) else scrub.clean_all(value)
            for name, value in super().process_log_record(log_data).items()
        }

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        # Once more as text: objects only become one here.
        return scrub.clean(super().jsonify_log_record(log_data))


def change_set_id() -> str:
    """Return the public id of the open change set, or a dash while nothing was written."""
    change = changes.current()
    return str(change._row.uuid) if change and change._row else "-"


def report_to_sentry(event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
    """Name the request and the change set of an error's report, and clean it: `before_send`."""
    event.setdefault("tags", {}).update(request_id=request_id.get(), change_set=change_set_id())
    # Neither cookies, bodies nor who it was: the request's id leads to all of it, here.
    event.pop("user", None)
    request = event.get("request", {})
    for name in ("cookies", "data", "env", "query_string"):
        request.pop(name, None)
    kept = {"host", "user-agent", "content-type", "content-length", "accept"}
    headers = request.get("headers", {})
    request["headers"] = {key: headers[key] for key in headers if key.lower() in kept}
    cleaned: dict[str, Any] = scrub.clean_all(event)
    return cleaned
