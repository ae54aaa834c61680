"""What happens beside a write: a picture's file goes with its row, after the commit."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver

from catalog.models import ProductImage
from catalog.services.pictures import forget_file


@receiver(post_delete, sender=ProductImage)
def remove_file(instance: ProductImage, **_: Any) -> None:
    """Also where no service asked: a product that is deleted takes its gallery along."""
    forget_file(instance)
