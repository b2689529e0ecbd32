from typing import Any

from rest_framework import serializers

from accounts.api.serializers import StrictSerializer
from quality.models import Finding
from quality.sentences import finding_summary
from quality.services.analyses import KINDS


class AnalysisInput(StrictSerializer):
    kinds = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=20)
    fdr = serializers.FloatField(required=False)


class ScheduleInput(StrictSerializer):
    every_hours = serializers.IntegerField(allow_null=True)
    after_labels = serializers.IntegerField(allow_null=True)
    after_publish = serializers.BooleanField()


class FindingChange(StrictSerializer):
    state = serializers.ChoiceField(choices=Finding.State.choices)
    note = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)


def finding_body(finding: Finding) -> dict[str, Any]:
    has_interval = finding.low is not None and finding.high is not None
    return {
        "id": str(finding.pk), "kind": finding.kind, "subject": finding.subject, "state": finding.state,
        "effect": finding.effect, "unit": finding.facts.get("unit"),
        "interval": [finding.low, finding.high] if has_interval else None,
        "p_value": finding.p_value, "p_adjusted": finding.p_adjusted, "n": finding.n, "method": finding.method,
        "expected_wrong": finding.facts.get("expected_wrong"), "evidence": finding.evidence,
        "summary": finding_summary(
            finding.kind, finding.subject, finding.facts, finding.effect, finding.low, finding.high
        ),
        "guideline_version": finding.guideline_version or None, "analysis": str(finding.last_analysis_id),
        "opened_at": finding.opened_at, "updated_at": finding.updated_at,
    }  # fmt: skip


ANALYSIS_KINDS = KINDS
