from guidelines.models.clarifications import Clarification, ClarificationNotice
from guidelines.models.guidelines import Guideline, GuidelineDraft, GuidelineGrant, GuidelineVersion

__all__ = [
    "Clarification",
    "ClarificationNotice",
    "Guideline",
    "GuidelineDraft",
    "GuidelineGrant",
    "GuidelineVersion",
]
