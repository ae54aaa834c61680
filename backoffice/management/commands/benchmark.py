"""Measures what the console promises about its speed, as ratios in one run."""

from __future__ import annotations

import json
import logging
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.test.utils import override_settings

from backoffice.benchmarks import Measured, benchmark_named, empty_database
from backoffice.refused import Refused

OPTIONS = ("rows", "baseline_rows", "rounds", "growth")


class Command(BaseCommand):
    help = "Measures a part of the console on an empty database of its own, as ratios."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="What to measure: imports, orders.")
        parser.add_argument("--format", choices=["text", "json"], default="text")
        parser.add_argument("--rows", type=int, help="How many rows ours is measured with.")
        parser.add_argument(
            "--baseline-rows", type=int, help="With how many rows the slow ways are, then scaled."
        )
        parser.add_argument("--rounds", type=int, help="How often; the fastest counts.")
        parser.add_argument(
            "--growth", action="store_true", default=None, help="Also with 1,000,000 rows."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        said = {name: options[name] for name in OPTIONS if options[name] is not None}
        try:
            run = benchmark_named(options["name"], **said)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        logging.disable(logging.INFO)
        # While debugging every statement is kept in memory: neither time nor memory would be true.
        with override_settings(DEBUG=False), empty_database():
            measured = run()
            if options["format"] == "json":
                self.stdout.write(json.dumps(measured.as_json(), indent=2))
            else:
                self._print(measured)

    def _print(self, measured: Measured) -> None:
        if measured.rows:
            self._print_table(measured.rows)
        for name, ratio in measured.ratios.items():
            self.stdout.write(f"{name:40} {ratio:8.2f} ×")
        for name, fact in measured.facts.items():
            self.stdout.write(f"{name:40} {fact}")

    def _print_table(self, rows: list[dict[str, Any]]) -> None:
        table = [[name.replace("_", " ") for name in rows[0]]]
        table += [[_cell(value) for value in row.values()] for row in rows]
        widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
        for line in table:
            cells = zip(line, rows[0].values(), widths, strict=True)
            self.stdout.write(
                "  ".join(
                    cell.ljust(width) if isinstance(first, str) else cell.rjust(width)
                    for cell, first, width in cells
                ).rstrip()
            )
        self.stdout.write("")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
