"""Settles payments that were left open: asks the bank again with the same key."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from backoffice.refused import Refused
from orders.services import due_claims, settle_in_doubt
from orders.services.settle import FIRST_PAUSE_SECONDS


class Command(BaseCommand):
    help = "Asks the bank again about payments whose answer was lost, and finishes their steps."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than-seconds",
            type=int,
            default=FIRST_PAUSE_SECONDS,
            help="Leave younger claims to whoever is working on them (default: %(default)s).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        claims = due_claims(now=timezone.now(), pause_seconds=options["older_than_seconds"])
        for intent in claims:
            try:
                order = settle_in_doubt(intent_id=intent.pk, by=None)
            except Refused as refusal:
                self.stdout.write(f"{intent.order}: {refusal}")
            else:
                self.stdout.write(f"{order}: {intent} settled, now {order.status}")
        self.stdout.write(f"{len(claims)} open payments were asked about.")
