"""The ground's own pages: people, roles, and the record of who did what."""

from backoffice.admin import (
    approval_rules,
    approvals,
    audit,
    bulk,
    desk,
    home,
    hooks,
    import_cards,
    import_recipes,
    imports,
    jobs,
    navigation,
    record,
    removed,
    retention,
    users,
)

__all__ = [
    "approval_rules",
    "approvals",
    "audit",
    "bulk",
    "desk",
    "home",
    "hooks",
    "import_cards",
    "import_recipes",
    "imports",
    "jobs",
    "navigation",
    "record",
    "removed",
    "retention",
    "users",
]
