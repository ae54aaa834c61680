"""What is measured of the catalogue, for `backoffice.benchmarks` to find."""

from catalog.benchmarks.imports import measure_imports

__all__ = ["measure_imports"]
