from guidelines.models.acknowledgements import (
    MOST_PROOF_ITEMS,
    Acknowledgement,
    AcknowledgementRequest,
    ProofAnswer,
    ProofItem,
)
from guidelines.models.guidelines import Guideline, GuidelineDraft, GuidelineGrant, GuidelineVersion

__all__ = [
    "MOST_PROOF_ITEMS",
    "Acknowledgement",
    "AcknowledgementRequest",
    "Guideline",
    "GuidelineDraft",
    "GuidelineGrant",
    "GuidelineVersion",
    "ProofAnswer",
    "ProofItem",
]
