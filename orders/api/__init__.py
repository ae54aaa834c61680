"""Carts and orders for programs: thin endpoints over the services."""
