"""Images that a guideline's texts show: checked by what they are, kept by their hash, never changed."""

import hashlib

from django.db import transaction

from accounts.errors import Conflict, FieldError, InvalidInput
from accounts.models import User
from guidelines.image_headers import read_image_header
from guidelines.models import Guideline, GuidelineImage

LARGEST_BYTES = 3 * 1024 * 1024
MOST_PIXELS = 25_000_000
LONGEST_SIDE = 10_000
MOST_IMAGES = 300


class TooManyImages(Conflict):
    code = "too_many_images"
    sentence = f"A guideline keeps at most {MOST_IMAGES} images."


def add_image(*, actor: User, guideline: Guideline, data: bytes, name: str) -> GuidelineImage:
    """Keep an image; the same one again is the one that is there. InvalidInput names the rule that it breaks."""
    content_type, width, height = _checked_header(data)
    sha256 = hashlib.sha256(data).hexdigest()
    shown = "".join(character for character in name if character.isprintable())[:200]
    with transaction.atomic():
        Guideline.objects.select_for_update(no_key=True).get(pk=guideline.pk)  # one at a time, so the count holds
        images = GuidelineImage.objects.filter(guideline=guideline)
        known = images.filter(sha256=sha256).first()
        if known is None and images.count() >= MOST_IMAGES:
            raise TooManyImages
        return known or GuidelineImage.objects.create(
            guideline=guideline, sha256=sha256, content_type=content_type, width=width, height=height, data=data,
            name=shown, added_by=actor,
        )  # fmt: skip


def _checked_header(data: bytes) -> tuple[str, int, int]:
    if len(data) > LARGEST_BYTES:
        raise _refused("too_large", f"An image holds at most {LARGEST_BYTES // 1024**2} MB.")
    header = read_image_header(data)
    if header is None:
        raise _refused("not_an_image", "This is no PNG, JPEG, GIF or WebP, whatever its name says.")
    if max(header.width, header.height) > LONGEST_SIDE or header.width * header.height > MOST_PIXELS:
        raise _refused(
            "too_many_pixels",
            f"It has {header.width} x {header.height} pixels; at most {LONGEST_SIDE} a side and "
            f"{MOST_PIXELS // 1_000_000} million in all are shown.",
        )
    return header.content_type, header.width, header.height


def _refused(code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[FieldError("file", code, detail)])
