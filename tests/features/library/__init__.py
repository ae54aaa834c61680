"""The steps of all features, written once: pytest-bdd and behave both read this table."""

from tests.features.library import customer, record, sheets, staff
from tests.features.library.words import STEPS, World

__all__ = ["STEPS", "World", "customer", "record", "sheets", "staff"]
