"""Sheets in and out: receive → read → map → parse → stage → plan → preview → apply → receipt.

Apps register sheets (`sheets.py`); doors call the verbs below. Nothing here knows a product.
"""

from backoffice.imports.apply import apply_run
from backoffice.imports.files import run_sheet
from backoffice.imports.runs import discard_run, expire_runs, own_run, start_run

__all__ = ["apply_run", "discard_run", "expire_runs", "own_run", "run_sheet", "start_run"]
