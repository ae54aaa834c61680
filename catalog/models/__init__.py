"""The catalogue's tables, one topic per file."""

from catalog.models.categories import Category, Tag
from catalog.models.prices import PriceChange
from catalog.models.products import Product, ProductImage, ProductStats, ProductTag
from catalog.models.reviews import Review
from catalog.models.search import ProductIndex
from catalog.models.stock import StockLevel, StockLocation, StockMovement

__all__ = [
    "Category",
    "PriceChange",
    "Product",
    "ProductImage",
    "ProductIndex",
    "ProductStats",
    "ProductTag",
    "Review",
    "StockLevel",
    "StockLocation",
    "StockMovement",
    "Tag",
]
