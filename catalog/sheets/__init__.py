"""The sheets of the catalogue, for `backoffice.imports` to find."""

from catalog.sheets.products import ProductSheet

__all__ = ["ProductSheet"]
