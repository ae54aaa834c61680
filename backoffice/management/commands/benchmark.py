"""Measures what the console promises about its speed, as ratios in one run."""

from __future__ import annotations

import json
import logging
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backoffice.benchmarks import Measured, benchmark_named, empty_database
from backoffice.refused import Refused


class Command(BaseCommand):
    help = "Measures a part of the console on an empty database of its own, as ratios."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="What to measure: orders.")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = benchmark_named(options["name"])
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        logging.disable(logging.INFO)
        with empty_database():
            measured = run()
            if options["format"] == "json":
                self.stdout.write(json.dumps(measured.as_json(), indent=2))
            else:
                self._print(measured)

    def _print(self, measured: Measured) -> None:
        for name, ratio in measured.ratios.items():
            self.stdout.write(f"{name:40} {ratio:8.2f} ×")
        for name, fact in measured.facts.items():
            self.stdout.write(f"{name:40} {fact}")
