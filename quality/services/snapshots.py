"""Snapshots: ask for one, build it, store it. An export is a claim about trust, so it carries its own audit."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from accounts.errors import DomainError, FieldError, InvalidInput
from accounts.models import User
from accounts.services.audit import record_event
from annotation.models import Project
from annotation.services.write_lock import settled_instant
from guidelines.models import GuidelineVersion
from operations.models import Job
from operations.services.jobs import JobRun, enqueue_job
from operations.strict_json import content_sha256
from quality.code_version import code_version
from quality.models import DatasetSnapshot
from quality.ratings_loader import LATEST, LabelTable, count_labels, load_labels
from quality.services.job_lease import instant_for_job, lease_kept
from quality.services.label_chains import chain_to_version
from quality.services.snapshot_audit import audit_of, check_policy
from quality.services.snapshot_files import WrittenFile, publish_folder, working_folder
from quality.services.snapshot_formats import open_writers
from quality.services.snapshot_labels import Labels
from quality.services.snapshot_mapping import LabelMapping
from quality.services.snapshot_recipe import Recipe, read_recipe
from quality.services.snapshot_rows import SnapshotRows

FORMAT = 1  # of rows and manifest
GATE_AT_ONCE = 500_000  # labels up to which the policy is checked before the job is queued
REQUEST_PATIENCE = 5.0


class StorageFailed(DomainError):
    code, status = "storage_failed", 507
    sentence = "The files could not be written; nothing of them is kept."


def request_snapshot(
    *, actor: User, project: Project, name: str = "", as_of: datetime | None = None,
    recipe: Mapping[str, Any] | None = None,
) -> Job:  # fmt: skip
    """Queue a snapshot. InvalidInput for a bad recipe or an instant to come; PolicyNotMet where that is known now.

    The instant is fixed here when it was given or when a policy is checked, so that the job writes what was checked.
    """
    checked = read_recipe(recipe or {})
    if checked.labels_as_of is not None:
        chain_to_version(project.guideline, checked.labels_as_of, published_by=as_of)
    if as_of is not None or checked.policy:
        settled = settled_instant(project.pk, patience=REQUEST_PATIENCE)
        if as_of is not None and as_of > settled:
            raise InvalidInput(errors=[FieldError("as_of", "future", "An instant that has passed.")])
        as_of = as_of or settled
    if as_of is not None and checked.policy and count_labels(project, up_to=GATE_AT_ONCE + 1) <= GATE_AT_ONCE:
        check_policy(checked, audit_of(project, load_labels(project, as_of=as_of, scope=LATEST, with_times=False)))
    return enqueue_job(
        actor=actor, kind="snapshot", scope=f"project:{project.slug}",
        payload={
            "project": project.pk, "name": name, "as_of": as_of.isoformat() if as_of else None,
            "recipe": checked.as_json(),
        },
    )  # fmt: skip


def run_snapshot(run: JobRun) -> None:
    """The job `snapshot`: files first, then the row; killed at any point it leaves no file that could be fetched."""
    payload = run.job.payload
    project = Project.objects.select_related("guideline").get(pk=payload["project"])
    recipe = read_recipe(payload["recipe"])
    with lease_kept(run), _attempt_folder(run) as folder:
        as_of = datetime.fromisoformat(payload["as_of"]) if payload["as_of"] else instant_for_job(run, project.pk)
        try:
            manifest = build_snapshot(project, as_of, recipe, folder, run)
            sha256 = content_sha256(manifest)
            publish_folder(folder, sha256)
        except OSError as error:
            raise StorageFailed(f"The files could not be written: {error.strerror or error}.") from error
    with run.finishing() as finish:
        snapshot = DatasetSnapshot.objects.create(
            project=project, name=payload["name"], as_of=as_of, recipe=recipe.as_json(), manifest=manifest,
            sha256=sha256, created_by=run.job.created_by,
        )  # fmt: skip
        record_event(
            actor=run.job.created_by, action="snapshot.taken", scope=f"project:{project.slug}", target=str(snapshot.pk),
            facts={"sha256": sha256, "items": manifest["counts"]["items"], "waived": recipe.waiver is not None},
        )  # fmt: skip
        finish({"snapshot": str(snapshot.pk), "sha256": sha256})


def _attempt_folder(run: JobRun) -> AbstractContextManager[Path]:
    return working_folder(str(run.job.pk), str(run.attempt))


def build_snapshot(
    project: Project, as_of: datetime, recipe: Recipe, folder: Path, run: JobRun | None = None
) -> dict[str, Any]:
    """Write the files of a snapshot into a folder and return its manifest; constant memory but for the label codes.

    Nothing in either depends on when or where this runs: the same instant and recipe give the same bytes. Raises
    PolicyNotMet before anything is written.
    """
    table = load_labels(project, as_of=as_of, scope=LATEST, with_times=False)
    audit = audit_of(project, table)
    failures = check_policy(recipe, audit)
    labels = Labels(table, recipe.aggregation)
    mapping = LabelMapping(project, recipe.labels_as_of, as_of) if recipe.labels_as_of else None
    rows = SnapshotRows(project, table, labels, table.rounds, mapping)
    files, n_annotations = _write(project, rows, labels, recipe, folder, run)
    return (
        _manifest(project, table, recipe, audit, files)
        | {
            "policy_failures": failures,
            "questions": [{"key": question.key, "type": question.type} for question in labels.questions],
            "counts": audit["counts"] | {"items": len(rows), "annotations": n_annotations},
        }
        | ({"label_mapping": mapping.manifest()} if mapping else {})
    )  # counted while the rows were written


def _write(
    project: Project, rows: SnapshotRows, labels: Labels, recipe: Recipe, folder: Path, run: JobRun | None
) -> tuple[list[WrittenFile], int]:
    writers = open_writers(
        folder, recipe.formats, fields=[field["key"] for field in project.fields], slices=project.slices,
        questions=[question.key for question in labels.questions], is_mapped=rows.mapping is not None,
    )  # fmt: skip
    done = n_annotations = 0
    try:
        for chunk in rows.chunks():
            for writer in writers:
                writer.write(chunk)
            done += len(chunk)
            n_annotations += sum(len(row.annotations) for row in chunk)
            if run is not None:
                run.report(done, len(rows))
        return [writer.close() for writer in writers], n_annotations
    except BaseException:
        for writer in writers:
            with suppress(OSError):
                writer.abandon()
        raise


def _manifest(
    project: Project, table: LabelTable, recipe: Recipe, audit: dict[str, Any], files: list[WrittenFile]
) -> dict[str, Any]:
    versions = GuidelineVersion.objects.filter(
        guideline_id=project.guideline_id, published_at__lte=table.as_of
    ).order_by("sequence")
    return {
        "format": FORMAT, "project": project.slug, "guideline": project.guideline.slug,
        "as_of": as_text(table.as_of), "files": [file.as_json() for file in files],
        "rows_sha256": files[0].sha256, "order": "external_id by Unicode code point",
        "guideline_versions": [
            {"number": v.number, "sha256": v.sha256, "published_at": as_text(v.published_at)} for v in versions
        ],
        "fields": project.fields, "slices": project.slices, "aggregation": recipe.aggregation,
        "formats": list(recipe.formats), "policy": recipe.policy, "waiver": recipe.waiver, "audit": audit,
        "rounds": {"rule": "each item by its newest finished round; see items_per_round", **audit["items_per_round"]},
        "soft_labels": _SOFT[recipe.aggregation], "code_version": code_version(),
    }  # fmt: skip


_SOFT = {
    "majority": "vote shares",
    "adjudicated_first": "vote shares",
    "dawid_skene": "Dawid-Skene posteriors, not calibrated on gold: rank with them",
}


def as_text(moment: datetime) -> str:
    """An instant as the manifest and the API say it: UTC, microseconds, Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
