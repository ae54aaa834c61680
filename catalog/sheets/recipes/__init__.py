"""The product files of other shops that are known by their header.

A recipe is one file here; what several of them share is in `foreign` (cells by key), `meanings`
(what a cell is of ours), `families` (variants below a handle), and `skus` (where there are none).
"""

from catalog.sheets.recipes.magento import MagentoRecipe
from catalog.sheets.recipes.medusa import MedusaRecipe
from catalog.sheets.recipes.shopify import ShopifyRecipe
from catalog.sheets.recipes.shopify_inventory import ShopifyInventoryRecipe
from catalog.sheets.recipes.spree import SpreeRecipe
from catalog.sheets.recipes.woocommerce import WooCommerceRecipe

# In the order in which a person chooses among them.
RECIPES = (
    ShopifyRecipe,
    ShopifyInventoryRecipe,
    WooCommerceRecipe,
    MagentoRecipe,
    SpreeRecipe,
    MedusaRecipe,
)

__all__ = ["RECIPES"]
