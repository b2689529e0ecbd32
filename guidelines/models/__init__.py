from guidelines.models.guidelines import Guideline, GuidelineDraft, GuidelineGrant, GuidelineVersion

__all__ = ["Guideline", "GuidelineDraft", "GuidelineGrant", "GuidelineVersion"]
