"""The catalogue's addresses below /api/v1/."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from catalog.api import categories, images, products, reviews, stock

router = SimpleRouter(use_regex_path=False)
router.register("products", products.Products, basename="product")
router.register("products/<uuid:product>/images", images.Images, basename="image")
router.register("categories", categories.Categories, basename="category")
router.register("tags", categories.Tags, basename="tag")
router.register("reviews", reviews.Reviews, basename="review")
router.register("stock/locations", stock.Locations, basename="location")
router.register("stock/levels", stock.Levels, basename="level")
router.register("stock/movements", stock.Movements, basename="movement")

urlpatterns = [
    *router.urls,
    path("stock/adjustments/", stock.Adjustments.as_view(), name="adjustments"),
    path("stock/deliveries/", stock.Deliveries.as_view(), name="deliveries"),
]
