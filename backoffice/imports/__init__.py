"""Sheets in and out: receive → read → map → parse → stage → plan → preview → apply → receipt.

Apps register sheets (`sheets.py`); doors call the verbs below. Nothing here knows a product.
"""

from backoffice.imports.apply import apply_run
from backoffice.imports.choices import Blank, Choices, StockMeans
from backoffice.imports.confirming import confirm_run
from backoffice.imports.correcting import fix_cells, leave_out_rows, send_corrections
from backoffice.imports.endings import expire_runs
from backoffice.imports.files import run_sheet
from backoffice.imports.refused_out import refused_rows
from backoffice.imports.runs import choose_again, discard_run, own_run, start_run
from backoffice.imports.tables import Reading
from backoffice.imports.undo import undo_run

__all__ = [
    "Blank",
    "Choices",
    "Reading",
    "StockMeans",
    "apply_run",
    "choose_again",
    "confirm_run",
    "discard_run",
    "expire_runs",
    "fix_cells",
    "leave_out_rows",
    "own_run",
    "refused_rows",
    "run_sheet",
    "send_corrections",
    "start_run",
    "undo_run",
]
