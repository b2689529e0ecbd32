import re

from django.db.models import Exists, OuterRef, QuerySet

from accounts.errors import NotFound
from accounts.models import User
from guidelines.models import Guideline, GuidelineGrant, GuidelineImage

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def images_of(guideline: Guideline) -> QuerySet[GuidelineImage]:
    """Newest first, without their bytes."""
    return GuidelineImage.objects.filter(guideline=guideline).defer("data").order_by("-pk")


def image_for(user: User, sha256: str) -> GuidelineImage:
    """The image of this hash, if a guideline that the user may read has it; else NotFound."""
    if not _SHA256.match(sha256):
        raise NotFound
    images = GuidelineImage.objects.filter(sha256=sha256)
    if not user.is_owner:
        images = images.filter(Exists(GuidelineGrant.objects.filter(guideline=OuterRef("guideline"), user=user)))
    image = images.first()
    if image is None:
        raise NotFound
    return image
