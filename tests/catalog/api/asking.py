"""How the products' endpoints are asked, and what they answer."""

from __future__ import annotations

PRODUCTS = "/api/v1/products/"
NEW = {"sku": "MUG-OAK", "name": "Oak Mug", "price": "20.00"}


def at(product, *rest):
    return f"{PRODUCTS}{product.uuid}/" + "".join(f"{part}/" for part in rest)


def names(response):
    assert response.status_code == 200, response.content
    rows = response.json()
    return [row["name"] for row in (rows["results"] if isinstance(rows, dict) else rows)]
