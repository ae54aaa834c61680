"""The ground's own pages: people, roles, and the record of who did what."""

from backoffice.admin import audit, home, imports, navigation, users

__all__ = ["audit", "home", "imports", "navigation", "users"]
