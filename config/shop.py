"""The addresses of the shop: one namespace over the pages of two apps."""

from __future__ import annotations

from csp.decorators import csp_replace
from django.urls import path

from catalog.views import indexing, product, products, reviews, staff
from orders.views import carts, checkout, orders

app_name = "shop"

# No page of the shop compiles expressions or styles itself, as the console's library does.
strictly = csp_replace({"script-src": ["'self'"], "style-src": ["'self'"]})

# Both stand a second time outside of the namespace: the site's home, and the name by which the
# customer's order page is known.
home = strictly(products.ProductList.as_view())
order_process = strictly(orders.OrderPage.as_view())

urlpatterns = [
    path("", home, name="product_list"),
    path("categories/<slug:slug>/", products.CategoryList.as_view(), name="category"),
    path("products/<slug:slug>/", product.ProductPage.as_view(), name="product"),
    path("products/<slug:slug>/reviews/", reviews.ReviewList.as_view(), name="reviews"),
    path("products/<slug:slug>/review/", reviews.WriteReview.as_view(), name="review"),
    path("staff/products/new/", staff.StaffProduct.as_view(), name="staff_product_new"),
    path("staff/products/<uuid:product>/", staff.StaffProduct.as_view(), name="staff_product"),
    path("sitemap.xml", indexing.sitemap, name="sitemap"),
    path("sitemap-<slug:section>.xml", indexing.sitemap_part, name="sitemap_part"),
    path("robots.txt", indexing.robots, name="robots"),
    path("cart/", carts.CartPage.as_view(), name="cart"),
    path("cart/add/", carts.AddToCart.as_view(), name="cart_add"),
    path("cart/units/", carts.SetUnits.as_view(), name="cart_units"),
    path("checkout/", checkout.Checkout.as_view(), name="checkout"),
    path("orders/", orders.MyOrders.as_view(), name="my_orders"),
    path("orders/<uuid:order>/", order_process, name="order"),
    path("orders/<uuid:order>/cancel/", orders.CancelOrder.as_view(), name="order_cancel"),
]
for pattern in urlpatterns:
    if pattern.callback not in {home, order_process}:
        pattern.callback = strictly(pattern.callback)
