from quality.models.analyses import AgreementFigure, Analysis
from quality.models.campaigns import RelabelCampaign
from quality.models.findings import Finding, FindingEvent
from quality.models.impact import ImpactJudgement, ImpactSample
from quality.models.schedules import AnalysisSchedule
from quality.models.snapshots import DatasetSnapshot

__all__ = [
    "AgreementFigure",
    "Analysis",
    "AnalysisSchedule",
    "DatasetSnapshot",
    "Finding",
    "FindingEvent",
    "ImpactJudgement",
    "ImpactSample",
    "RelabelCampaign",
]
