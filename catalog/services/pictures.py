"""Pictures of products: typed by their content, named by us; files leave after the commit."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from PIL import Image

from backoffice import changes as change_sets
from backoffice import history, steps
from backoffice.models import User
from backoffice.refused import BadValue, Refused
from catalog.models import Product, ProductImage
from catalog.refusals import UnknownProduct
from catalog.services import locks
from catalog.services.limits import limit_of

# What a browser shows, and the ending that we give it.
FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
MOST_PIXELS = 50_000_000
PARSE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)


class NotAPicture(Refused):
    sentence = _("This file is no picture that a shop can show.")
    hint = _("Upload a JPEG, PNG, WebP or GIF; the file's name does not matter.")


class PictureTooLarge(Refused):
    """facts: limit (in words)."""

    sentence = _("The picture is too large; at most {limit} are taken.")
    hint = _("Make it smaller and upload it again.")
    http_status = 413


class NotThesePictures(Refused):
    sentence = _("The order must name each picture of the product once.")
    hint = _("Somebody may have added or removed one; reload the page.")
    http_status = 409


def add_picture(
    *, product_id: int, upload: IO[bytes], by: User, reason: str, alt_text: str = ""
) -> ProductImage:
    """Add a picture at the end of a product's gallery.

    upload: an open file; its name is ignored, its content decides. alt_text: what it shows.
    Refuses: NotAllowed; UnknownProduct; BadValue; PictureTooLarge; NotAPicture.
    Atomic: locks the product; one picture with one history row; no file stays when it fails.
    """
    steps.require_permission(by, "catalog.add_productimage", _("add pictures"))
    alt_text = _clean_alt(alt_text)
    content = _read(upload)
    extension = picture_format(content)
    with transaction.atomic():
        if product_id not in locks.locked_products([product_id]):
            raise UnknownProduct(key=product_id)
        change_sets.say(action="catalog.add_picture", by=by, reason=reason)
        last = ProductImage.objects.filter(product=product_id).aggregate(last=Max("position"))
        position = 0 if last["last"] is None else last["last"] + 1
        picture = ProductImage(product_id=product_id, alt_text=alt_text, position=position)
        storage = picture.file.storage
        picture.file.save(f"picture.{extension}", ContentFile(content), save=False)
        try:
            picture.save()
        except BaseException:
            storage.delete(str(picture.file.name))
            raise
    return picture


def describe_picture(*, picture_id: int, alt_text: str, by: User, reason: str) -> ProductImage:
    """Say what a picture shows, for those who cannot see it.

    Refuses: UnknownRow; NotAllowed; BadValue.
    Atomic: one save and one history row.
    """
    clean = _clean_alt(alt_text)
    with steps.editing(
        ProductImage, picture_id, by=by, permission="catalog.change_productimage", reason=reason
    ) as picture:
        picture.alt_text = clean
    return picture


def order_pictures(
    *, product_id: int, picture_ids: Sequence[int], by: User, reason: str
) -> list[ProductImage]:
    """Arrange a product's gallery; the first picture leads.

    picture_ids: every picture of the product, in the order wanted.
    Refuses: NotAllowed; NotThesePictures.
    Atomic: one lock in key order; a history row for each picture that moves.
    """
    with steps.editing_many(
        ProductImage, picture_ids, by=by, permission="catalog.change_productimage", reason=reason
    ) as rows:
        theirs = set(ProductImage.objects.filter(product=product_id).values_list("pk", flat=True))
        if len(set(picture_ids)) != len(picture_ids) or theirs != set(picture_ids):
            raise NotThesePictures
        for row in rows:
            row.position = picture_ids.index(row.pk)
    return sorted(rows, key=lambda row: row.position)


def remove_picture(*, picture_id: int, by: User, reason: str) -> None:
    """Take a picture out of the gallery; its file goes once that is committed.

    Refuses: UnknownRow; NotAllowed.
    Atomic: one picture with one history row.
    """
    with steps.editing(
        ProductImage, picture_id, by=by, permission="catalog.delete_productimage", reason=reason
    ) as picture:
        history.delete_rows([picture])
        forget_file(picture)


def forget_file(picture: ProductImage) -> None:
    """Delete a picture's file after the commit; a rollback keeps it."""
    storage: Any = picture.file.storage
    name = picture.file.name
    transaction.on_commit(lambda: storage.delete(name), robust=True)


def picture_format(content: bytes) -> str:
    """Return the ending that fits a picture's content. Refuses: NotAPicture; PictureTooLarge."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=list(FORMATS)) as picture:
                kind, (width, height) = str(picture.format), picture.size
                if width * height > MOST_PIXELS:
                    raise PictureTooLarge(limit=_("50 million pixels"))
                picture.verify()
            # verify() reads headers only; a file cut short shows when its pixels are read.
            with Image.open(BytesIO(content), formats=list(FORMATS)) as picture:
                picture.load()
    except (*PARSE_ERRORS, Image.DecompressionBombWarning) as error:
        raise NotAPicture from error
    return FORMATS[kind]


def _read(upload: IO[bytes]) -> bytes:
    content = upload.read(settings.PICTURE_MAX_BYTES + 1)
    if len(content) > settings.PICTURE_MAX_BYTES:
        megabytes = settings.PICTURE_MAX_BYTES // (1024 * 1024)
        raise PictureTooLarge(limit=_("{number} MB").format(number=megabytes))
    return content


def _clean_alt(alt_text: str) -> str:
    clean = alt_text.strip()
    limit = limit_of(ProductImage, "alt_text")
    if limit and len(clean) > limit:
        raise BadValue(
            field=_("Alternative text"),
            problem=_("at most {limit} characters fit.").format(limit=limit),
        )
    return clean


@dataclass(frozen=True)
class Picture:
    """A picture as a page shows it."""

    url: str
    alt: str

    @classmethod
    def of(cls, image: ProductImage) -> Picture:
        return cls(default_storage.url(str(image.file.name)), image.alt_text)


def leading_pictures(*, products: Iterable[Product]) -> dict[int, Picture]:
    """Return the first picture of each product that has one, or its parent's; one query."""
    asked = {product.pk: (product.pk, product.parent_id) for product in products}
    ids = {pk for pair in asked.values() for pk in pair if pk is not None}
    images = ProductImage.objects.filter(product__in=ids).order_by("-position", "-pk")
    leading = {image.product_id: Picture.of(image) for image in images}
    found = {
        pk: leading.get(own) or (leading.get(parent) if parent is not None else None)
        for pk, (own, parent) in asked.items()
    }
    return {pk: picture for pk, picture in found.items() if picture is not None}
