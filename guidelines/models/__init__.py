from guidelines.models.drafting import DraftComment, DraftEditor, GuidelineImage, PartChange
from guidelines.models.guidelines import Guideline, GuidelineDraft, GuidelineGrant, GuidelineVersion

__all__ = [
    "DraftComment",
    "DraftEditor",
    "Guideline",
    "GuidelineDraft",
    "GuidelineGrant",
    "GuidelineImage",
    "GuidelineVersion",
    "PartChange",
]
