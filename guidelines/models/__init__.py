from guidelines.models.acknowledgements import (
    MOST_PROOF_ITEMS,
    Acknowledgement,
    AcknowledgementRequest,
    ProofAnswer,
    ProofItem,
)
from guidelines.models.clarifications import Clarification, ClarificationNotice
from guidelines.models.drafting import DraftComment, DraftEditor, GuidelineImage, PartChange
from guidelines.models.guidelines import Guideline, GuidelineDraft, GuidelineGrant, GuidelineVersion

__all__ = [
    "MOST_PROOF_ITEMS",
    "Acknowledgement",
    "AcknowledgementRequest",
    "Clarification",
    "ClarificationNotice",
    "DraftComment",
    "DraftEditor",
    "Guideline",
    "GuidelineDraft",
    "GuidelineGrant",
    "GuidelineImage",
    "GuidelineVersion",
    "PartChange",
    "ProofAnswer",
    "ProofItem",
]
