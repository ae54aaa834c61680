"""What a picture is: typed by its content, of a sane size, and what we make of it."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import IO

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from backoffice.refused import Refused

# What a browser shows, and the ending that we give it.
FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
MOST_PIXELS = 50_000_000
AVATAR_PIXELS = 256
PARSE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)


class NotAPicture(Refused):
    sentence = _("This file is no picture that a browser can show.")
    hint = _("Upload a JPEG, PNG, WebP or GIF; the file's name does not matter.")


class PictureTooLarge(Refused):
    """facts: limit (in words)."""

    sentence = _("The picture is too large; at most {limit} are taken.")
    hint = _("Make it smaller and upload it again.")
    http_status = 413


def avatar_of(upload: IO[bytes]) -> bytes:
    """Return a small square PNG of a picture: nothing of the file itself is kept or served.

    Refuses: NotAPicture; PictureTooLarge.
    """
    content = upload.read(settings.PICTURE_MAX_BYTES + 1)
    if len(content) > settings.PICTURE_MAX_BYTES:
        megabytes = settings.PICTURE_MAX_BYTES // (1024 * 1024)
        raise PictureTooLarge(limit=_("{number} MB").format(number=megabytes))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=list(FORMATS)) as picture:
                width, height = picture.size
                if width * height > MOST_PIXELS:
                    raise PictureTooLarge(limit=_("50 million pixels"))
                picture.load()
                upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except (*PARSE_ERRORS, Image.DecompressionBombWarning) as error:
        raise NotAPicture from error
    small = BytesIO()
    ImageOps.fit(upright, (AVATAR_PIXELS, AVATAR_PIXELS)).save(small, "PNG")
    return small.getvalue()
