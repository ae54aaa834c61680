"""What is measured of the catalogue, for `backoffice.benchmarks` to find."""

from catalog.benchmarks.imports import measure_imports
from catalog.benchmarks.record import measure_record

__all__ = ["measure_imports", "measure_record"]
