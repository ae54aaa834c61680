"""What has to be so before the public may come: findings, each with its remedy."""

from backoffice.production import reached, settled
from backoffice.production.findings import Check, Finding, look

CHECKS = (*settled.CHECKS, *reached.CHECKS)

__all__ = ["CHECKS", "Check", "Finding", "look"]
