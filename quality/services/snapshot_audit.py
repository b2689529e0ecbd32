"""The claim that a snapshot makes about its own labels, and the policy that it is held against."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.errors import Conflict
from annotation.models import GoldLabel, Project
from quality.models import FindingEvent
from quality.ratings_loader import LabelTable
from quality.services.agreement_row import Row, main_distance
from quality.services.agreement_rows import agreement_rows
from quality.services.snapshot_recipe import Recipe


class PolicyNotMet(Conflict):
    code = "policy_not_met"
    sentence = "The labels do not meet the policy; nothing was written. Every rule that fails is listed."


Audit = dict[str, Any]


def audit_of(project: Project, table: LabelTable) -> Audit:
    """Agreement of the counting labels overall and in every slice, with intervals, and the findings open then.

    A function of the labels and events up to `table.as_of` alone: it can be computed again at any later time.
    """
    return {
        "agreement": {question.key: _agreement(project, table, question.key) for question in table.questions},
        "open_findings": open_findings_at(project, table.as_of),
        "counts": {
            "labelled_items": len(table.item_ids), "counting_labels": table.n_labels, "annotators": len(table.names),
            "gold": _gold_count(project, table.as_of),
        },
        "items_per_round": table.items_per_round(),
    }  # fmt: skip


def _agreement(project: Project, table: LabelTable, key: str) -> dict[str, Any]:
    (overall,) = agreement_rows(table, key, "overall")
    slices = {name: agreement_rows(table, key, f"slice:{name}") for name in sorted(project.slices)}
    return {"alpha": main_distance(table.question(key)), "overall": overall, "slices": slices}


def open_findings_at(project: Project, as_of: datetime) -> list[dict[str, Any]]:
    """Every finding that was open or acknowledged at the instant, with the figures it then had."""
    events = (
        FindingEvent.objects.filter(finding__project=project, at__lte=as_of)
        .order_by("finding_id", "-at", "-id").distinct("finding_id").select_related("finding")
    )  # fmt: skip
    found = [
        {"kind": event.finding.kind, "key": event.finding.key, "state": event.state} | event.figures
        for event in events
        if event.state in {"open", "acknowledged"}
    ]
    return sorted(found, key=lambda entry: (entry["kind"], entry["key"]))


def _gold_count(project: Project, as_of: datetime) -> int:
    alive = Q(superseded_at__isnull=True) | Q(superseded_at__gt=as_of)
    return GoldLabel.objects.filter(alive, project=project, created_at__lte=as_of).count()


def policy_failures(policy: dict[str, Any], audit: Audit) -> list[dict[str, Any]]:
    """Each rule that is not met: where, what was required, what there is, by how much it falls short.

    An alpha that is undefined does not meet a bound: that it is met was to be shown.
    """
    failures = []
    questions = policy.get("questions") or list(audit["agreement"])
    for key in questions:
        if key not in audit["agreement"]:
            failures.append(_failure("questions", {"question": key}, None, None, "There is no such question."))
            continue
        failures += _agreement_failures(policy, key, audit["agreement"][key])
    hotspots = [entry for entry in audit["open_findings"] if entry["kind"] == "hotspots"]
    for rule, found in (("max_open_hotspots", hotspots), ("max_open_findings", audit["open_findings"])):
        if rule in policy and len(found) > policy[rule]:
            failures.append(_failure(rule, {}, policy[rule], len(found), "") | {
                "short_by": len(found) - policy[rule], "findings": [entry["subject"] for entry in found],
            })  # fmt: skip
    return failures


def _agreement_failures(policy: dict[str, Any], key: str, measured: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[tuple[dict[str, Any], Row]] = [({}, measured["overall"])]
    if policy.get("per_slice", True):
        rows += [(row["group"], row) for slice_rows in measured["slices"].values() for row in slice_rows]
    failures = []
    for group, row in rows:
        where = {"question": key} | ({"slice": group} if group else {})
        alpha = row["krippendorff_alpha"][measured["alpha"]]
        low = (row["interval"].get("krippendorff_alpha") or [None])[0]
        for rule, actual in (("min_alpha", alpha), ("min_alpha_low", low)):
            if rule in policy and (actual is None or actual < policy[rule]):
                reason = row["undefined"].get("krippendorff_alpha") or row["note"] or "" if actual is None else ""
                failures.append(_failure(rule, where, policy[rule], actual, reason))
    return failures


def _failure(rule: str, where: dict[str, Any], required: Any, actual: Any, reason: str) -> dict[str, Any]:
    short_by = None if actual is None or required is None else required - actual
    entry = {"rule": rule, "where": where, "required": required, "actual": actual, "short_by": short_by}
    return entry | ({"reason": reason} if reason else {})


def check_policy(recipe: Recipe, audit: Audit) -> list[dict[str, Any]]:
    """The failures of the policy; raises PolicyNotMet if there are any and no waiver says that they are accepted."""
    failures = policy_failures(recipe.policy, audit)
    if failures and recipe.waiver is None:
        raise PolicyNotMet(extra={"failures": failures})
    return failures
