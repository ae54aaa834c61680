"""Carts and orders for programs: thin doors, each calls one verb or one question."""
