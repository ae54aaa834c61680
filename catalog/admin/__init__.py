"""The catalogue's pages in the console: faces of its services, one file per topic."""

from catalog.admin.categories import CategoryAdmin, TagAdmin
from catalog.admin.prices import PriceChangeAdmin
from catalog.admin.products import ProductAdmin
from catalog.admin.reviews import ReviewAdmin
from catalog.admin.stock import StockLevelAdmin, StockLocationAdmin, StockMovementAdmin

__all__ = [
    "CategoryAdmin",
    "PriceChangeAdmin",
    "ProductAdmin",
    "ReviewAdmin",
    "StockLevelAdmin",
    "StockLocationAdmin",
    "StockMovementAdmin",
    "TagAdmin",
]
