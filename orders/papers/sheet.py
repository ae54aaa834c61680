"""A sheet of A4 as all papers use it: fonts, head, foot, address, barcode, table, totals."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, Self

from django.conf import settings
from django.utils.translation import gettext as _
from fontTools.ttLib import TTFont
from fpdf import FPDF, FontFace
from fpdf.fonts import TTFFont

from orders.papers import code128

# It tells of every table that it cuts down, at each paper.
logging.getLogger("fontTools").setLevel(logging.WARNING)

FONTS = Path(__file__).parent / "fonts"
FONT = "DejaVu"
MARGIN_MM, FOOT_MM = 18, 20
MODULE_MM = 0.33  # what hand scanners read at arm's length
INK, FAINT, RULE = (20, 24, 31), (96, 104, 116), (205, 210, 217)
# fpdf2 draws a word that is wider than the line letter by letter; a cell of absurd length is cut.
MOST_SIGNS = 400
UNKNOWN = "\N{REPLACEMENT CHARACTER}"

Align = Literal["L", "C", "R"]


@cache
def known_signs() -> frozenset[int]:
    """Return the code points that both fonts can draw."""
    with TTFont(FONTS / "DejaVuSans.ttf") as plain, TTFont(FONTS / "DejaVuSans-Bold.ttf") as bold:
        return frozenset(plain.getBestCmap()) & frozenset(bold.getBestCmap())


def printable(text: object) -> str:
    """Return a text as one line that the fonts can draw.

    Control characters are spaces; a sign that no font has is marked, not left out: whoever reads
    the paper sees that something stood there.
    """
    clean = "".join(sign if sign.isprintable() else " " for sign in str(text))
    line = " ".join(clean.split())[:MOST_SIGNS]
    return "".join(sign if ord(sign) in known_signs() else UNKNOWN for sign in line)


class Column:
    """One column of a table: its heading, its share of the width, its side."""

    def __init__(self, label: str, share: int, align: Align = "L") -> None:
        self.label, self.share, self.align = label, share, align


class Sheets(FPDF):
    """One file; each paper begins on a page of its own, and repeats its head where it goes on."""

    def __init__(self, title: str) -> None:
        super().__init__(format="A4", unit="mm")
        for style, name in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
            self.add_font(FONT, style, FONTS / name)
        self.set_margins(MARGIN_MM, 14, MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=FOOT_MM)
        self.set_title(title)
        self.set_creator(settings.SHOP_NAME)
        self._heading, self._number, self._page_of_paper = "", "", 0
        # The paper that the next page begins: until then the foot belongs to the one before it.
        self._begun: tuple[str, str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the font files: fpdf2 does so only for a file that was written to its end."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.close()

    # --- Pages ---------------------------------------------------------------------------------

    def begin(self, heading: str, number: str) -> None:
        """Begin a paper on a new page."""
        self._begun = (heading, number)
        self.add_page()

    def header(self) -> None:
        """Print the shop and the paper's name; in full on a paper's first page."""
        if self._begun is not None:
            (self._heading, self._number), self._begun = self._begun, None
            self._page_of_paper = 0
        self._page_of_paper += 1
        is_first = self._page_of_paper == 1
        self.write_in(INK, 13 if is_first else 9, bold=True)
        self.cell(self.epw / 2, 8, printable(settings.SHOP_NAME))
        self.write_in(INK, 13 if is_first else 9, bold=is_first)
        self.cell(self.epw / 2, 8, f"{self._heading} {self._number}", align="R")
        self.ln(10)
        if not is_first:
            self.rule()
            self.ln(3)

    def footer(self) -> None:
        """Print which paper this is, its page, and what the law wants under a bill."""
        self.set_y(-FOOT_MM + 4)
        self.write_in(FAINT, 7)
        imprint = " · ".join(printable(line) for line in settings.SHOP_IMPRINT.splitlines())
        self.cell(self.epw * 0.75, 4, self._cut(imprint, self.epw * 0.75))
        page = _("%(number)s, page %(page)s") % {
            "number": self._number,
            "page": self._page_of_paper,
        }
        self.cell(self.epw * 0.25, 4, page, align="R")

    # --- Pieces --------------------------------------------------------------------------------

    def write_in(self, ink: tuple[int, int, int], size: float, *, bold: bool = False) -> None:
        self.set_font(FONT, "B" if bold else "", size)
        self.set_text_color(*ink)

    def rule(self) -> None:
        self.set_draw_color(*RULE)
        self.set_line_width(0.2)
        self.line(self.l_margin, self.y, self.w - self.r_margin, self.y)

    def addresses(self, blocks: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Print address blocks side by side, each under its label."""
        top, lowest = self.y, self.y
        width = self.epw / max(len(blocks), 2)
        for at, (label, lines) in enumerate(blocks):
            left = self.l_margin + at * width
            self.set_xy(left, top)
            self.write_in(FAINT, 7.5)
            self.cell(width, 5, label)
            self.write_in(INK, 10)
            self.set_xy(left, top + 5)
            for line in lines:
                self.set_x(left)
                self.multi_cell(width - 6, 4.8, printable(line), align="L", new_y="NEXT")
            lowest = max(lowest, self.y)
        self.set_xy(self.l_margin, lowest + 4)

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Print label and value, line by line."""
        for label, value in rows:
            self.write_in(FAINT, 8.5)
            self.cell(38, 5, label)
            self.write_in(INK, 8.5)
            self.multi_cell(
                self.epw - 38, 5, printable(value), align="L", new_x="LMARGIN", new_y="NEXT"
            )
        self.ln(4)

    def barcode(self, text: str, *, top: float, height: float = 11) -> None:
        """Print a Code 128 at the right margin; a number that it cannot carry is left out."""
        try:
            dark, width = code128.bars(text), code128.width_of(text) * MODULE_MM
        except ValueError:
            return
        left = self.w - self.r_margin - width
        self.set_fill_color(0, 0, 0)
        for start, bar in dark:
            self.rect(left + start * MODULE_MM, top, bar * MODULE_MM, height, style="F")

    def lines(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; its headings stand again on each page that it goes on to."""
        self.write_in(INK, 8.5)
        self.set_draw_color(*RULE)
        self.set_line_width(0.2)
        with self.table(
            col_widths=tuple(column.share for column in columns),
            text_align=tuple(column.align for column in columns),
            borders_layout="HORIZONTAL_LINES",
            headings_style=FontFace(emphasis="BOLD", color=FAINT, size_pt=7.5),
            line_height=4.6,
            padding=(1.3, 1, 1.3, 1),
            v_align="TOP",
            wrapmode="WORD",
        ) as table:
            table.row([column.label for column in columns])
            for row in rows:
                table.row([printable(cell) for cell in row])
        self.ln(3)

    def totals(self, rows: Sequence[tuple[str, str]], *, strong: str) -> None:
        """Print sums at the right, together on one page; `strong` is the label in bold."""
        if self.will_page_break(6 * len(rows)):
            self.add_page()
        for label, value in rows:
            self.write_in(INK if label == strong else FAINT, 9, bold=label == strong)
            self.set_x(self.l_margin + self.epw * 0.4)
            self.cell(self.epw * 0.38, 6, self._cut(printable(label), self.epw * 0.38), align="R")
            self.write_in(INK, 9, bold=label == strong)
            self.cell(self.epw * 0.22, 6, value, align="R", new_x="LMARGIN", new_y="NEXT")

    def remark(self, text: str) -> None:
        self.ln(3)
        self.write_in(FAINT, 8.5)
        self.multi_cell(self.epw, 4.6, printable(text), align="L", new_x="LMARGIN", new_y="NEXT")

    def _cut(self, text: str, width: float) -> str:
        """Return as much of a text as fits on one line of this width."""
        while text and self.get_string_width(text) > width - 2:
            text = text[:-2].rstrip() + "…" if len(text) > 1 else ""
        return text
