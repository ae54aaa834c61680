"""Holds every stock level against its movements; names what drifted and exits 1."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from catalog.services import stock_drift


class Command(BaseCommand):
    help = "Compare stock levels with the sum of their movements; exit 1 when they differ."

    def handle(self, *args: Any, **options: Any) -> None:
        drifted = stock_drift()
        for drift in drifted:
            self.stderr.write(str(drift))
        if drifted:
            sys.exit(1)
        self.stdout.write(_("Every level is explained by its movements."))
