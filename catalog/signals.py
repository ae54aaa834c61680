"""What the catalogue tells whoever listens; receivers note it or start a job, no more."""

from django.dispatch import Signal

# Somebody looked at a product in the shop. product_id.
product_viewed = Signal()

# Levels of stock moved, inside the mover's transaction. units: available units gained or lost by
# product id; None where only the database knows them (a sheet).
stock_moved = Signal()
