"""What a policy would say of the labels as they stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotation.models import Project
from quality.ratings_loader import LATEST, load_labels
from quality.services.agreement import database_now, is_small
from quality.services.snapshot_audit import audit_of, policy_failures
from quality.services.snapshot_recipe import read_recipe


@dataclass(frozen=True)
class PolicyPreview:
    """`failures` as a refused snapshot would list them; None where the project is too large to tell at once."""

    as_of: datetime
    failures: list[dict[str, Any]] | None


def preview_policy(project: Project, policy: Mapping[str, Any]) -> PolicyPreview:
    """Hold the labels that count now against a policy. InvalidInput for a rule that there is not."""
    recipe = read_recipe({"policy": dict(policy)})
    as_of = database_now()
    if not recipe.policy:
        return PolicyPreview(as_of, [])
    if not is_small(project):
        return PolicyPreview(as_of, None)
    audit = audit_of(project, load_labels(project, as_of=as_of, scope=LATEST))
    return PolicyPreview(as_of, policy_failures(recipe.policy, audit))
