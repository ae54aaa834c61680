"""What can be loaded and saved as a sheet: orders."""

from orders.sheets.orders import OrderSheet

__all__ = ["OrderSheet"]
