"""The sheets of the catalogue, for `backoffice.imports` to find."""

from catalog.sheets.categories_sheet import CategoriesSheet
from catalog.sheets.prices_sheet import PricesSheet
from catalog.sheets.products import ProductSheet
from catalog.sheets.stock_sheet import StockSheet

__all__ = ["CategoriesSheet", "PricesSheet", "ProductSheet", "StockSheet"]
