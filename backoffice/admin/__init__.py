"""The ground's own pages: people, roles, and the record of who did what."""

from backoffice.admin import audit, navigation, users

__all__ = ["audit", "navigation", "users"]
