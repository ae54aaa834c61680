"""Why a whole file, or a whole run, is refused. A single row's faults are in `parse`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.refused import Refused


class FileRefused(Refused):
    """The file cannot be read as a sheet; nothing was kept."""


class EmptyFile(FileRefused):
    sentence = _("The file is empty.")
    hint = _("Choose a sheet with a header line and at least one row.")


class OnlyHeader(FileRefused):
    sentence = _("The file has a header line but no row below it.")
    hint = _("Add at least one row, or choose another file.")


class FileTooLarge(FileRefused):
    """facts: size, limit (both in words)."""

    sentence = _("The file is {size}; at most {limit} can be imported at once.")
    hint = _("Split it into smaller files.")
    http_status = 413


class NoRoom(FileRefused):
    sentence = _("There is no room left on the server to keep the file.")
    hint = _("Nothing was kept. Tell whoever runs the server, and try again later.")
    http_status = 507


class NotASheet(FileRefused):
    """facts: what (in words: "a picture (PNG)")."""

    sentence = _("The file is {what}, not a sheet.")
    hint = _("Save the table as CSV or XLSX and choose that file.")


class NestedData(FileRefused):
    sentence = _("The file is JSON: nested data, not a table.")
    hint = _("Export it as CSV or XLSX, one row for each product.")


class WorkbookTooLarge(FileRefused):
    """facts: size, limit (both in words)."""

    sentence = _("The workbook is {size}; of workbooks at most {limit} can be read.")
    hint = _("Save the sheet as CSV: as such it may be larger.")
    http_status = 413


class WorkbookTooBig(FileRefused):
    sentence = _("The workbook holds more cells or text, or cells farther apart, than can be read.")
    hint = _("Delete what lies far from the table, or save the sheet as CSV.")
    http_status = 413


class NoSuchSheet(FileRefused):
    """facts: sheet, sheets."""

    sentence = _("The workbook has no visible sheet “{sheet}”. It has: {sheets}.")


class LockedWorkbook(FileRefused):
    sentence = _("The workbook is protected by a password.")
    hint = _("Save a copy without the password.")


class BrokenWorkbook(FileRefused):
    sentence = _("The workbook is damaged and cannot be read.")
    hint = _("Open it in your spreadsheet program and save it again as .xlsx.")


class SuspiciousArchive(FileRefused):
    """facts: why."""

    sentence = _("The workbook was not opened: {why}.")
    hint = _("Save it again from your spreadsheet program, or as CSV.")


class UnreadableText(FileRefused):
    """facts: why."""

    sentence = _("The text of the file cannot be read: {why}.")
    hint = _("Save it as CSV in UTF-8.")


class UnknownEncoding(FileRefused):
    """facts: name, known."""

    sentence = _("There is no encoding “{name}”.")
    hint = _("Choose one of these, or leave it blank to have it detected: {known}.")


class UnknownDelimiter(FileRefused):
    """facts: delimiter."""

    sentence = _("“{delimiter}” cannot part the columns of a text file.")
    hint = _("Give one character, such as a comma, a semicolon, a tab or a bar.")


class UnclosedQuote(FileRefused):
    """facts: line."""

    sentence = _('From line {line} on, a quotation mark (") is opened and never closed.')
    hint = _("Close it, or write a quotation mark inside a cell twice.")


class CellTooLong(FileRefused):
    """facts: line, limit."""

    sentence = _("Line {line} has a cell of more than {limit} characters.")
    hint = _("Shorten it; a missing quotation mark can also be the cause.")


class RowTooLong(FileRefused):
    """facts: line, limit."""

    sentence = _("The row that begins on line {line} has more than {limit} characters.")
    hint = _("Shorten its cells; a missing quotation mark can also be the cause.")


class NoSuchLine(FileRefused):
    """facts: line."""

    sentence = _("No row of the file begins on line {line} or below it.")
    hint = _("Give the line on which the header begins, or 0 if there is none.")


class TooManyRows(FileRefused):
    """facts: limit."""

    sentence = _("The file has more than {limit} rows.")
    hint = _("Split it into smaller files.")
    http_status = 413


class TooManyColumns(FileRefused):
    """facts: count, limit."""

    sentence = _("The file has {count} columns; at most {limit} are read.")
    hint = _("Keep the columns that the import needs.")


class TooMuchText(FileRefused):
    """facts: limit (in words)."""

    sentence = _("The cells of the file hold more than {limit} of text.")
    hint = _("Split it into smaller files.")
    http_status = 413


class DuplicateColumns(FileRefused):
    """facts: columns."""

    sentence = _("The header names the same column twice: {columns}.")
    hint = _("Keep one of them.")


class UnknownColumns(FileRefused):
    """facts: columns."""

    sentence = _("The file has columns that this sheet does not know: {columns}.")
    hint = _("Correct or remove them, or choose to ignore unknown columns.")


class MissingColumns(FileRefused):
    """facts: columns, found."""

    sentence = _("The file has no column {columns}. Its header reads: {found}.")
    hint = _("The first line must name the columns; download the template to compare.")


class UnknownRecipe(FileRefused):
    """facts: recipe, known."""

    sentence = _("There is no format “{recipe}” for this sheet; there are: {known}.")


class RunRefused(Refused):
    """The run is not in a state in which this can be done."""

    http_status = 409


class UnknownRun(RunRefused):
    sentence = _("There is no such import among yours.")
    hint = _("Go back to the list and import the file again.")
    http_status = 404


class RunExpired(RunRefused):
    sentence = _("This preview is older than {hours} hours and has expired.")
    hint = _("Import the file again: the products may have changed since.")


class RunNotWaiting(RunRefused):
    """facts: state."""

    sentence = _("This import is not waiting for a confirmation: {state}.")
    hint = _("A file is applied once. Import it again if you need to.")


class ContentChanged(RunRefused):
    sentence = _("This is not the file that you saw in the preview.")
    hint = _("Import it again and read the new preview.")


class RowsRefused(RunRefused):
    """All or nothing, and not all is possible; facts: refused, rows."""

    sentence = _("Nothing was applied: {refused} of {rows} rows are refused.")
    hint = _("Correct them and import the file again, or apply the good rows.")


# Words that recipes share.
NAMELESS = _("(column {place} without a name)")
IGNORED = _("These columns are not used: {columns}.")
MEANT_HINT = _("Did you mean “{close}” by “{name}”? Correct it, or ignore unknown columns.")
