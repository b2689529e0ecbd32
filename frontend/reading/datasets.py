"""Snapshots as a person reads them: what the policy says, what the audit found, how to load the files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from annotation.models import Project
from frontend.plots import IntervalRow, IntervalRowsPlot, interval_rows
from frontend.reading.agreement import TENTATIVE, Reading, plot_title, read_metric
from frontend.reading.findings import effect_words, kind_words, state_words
from frontend.wording import THIN, Figure, decimal, whole
from guidelines.label_schema import Question
from quality.models import DatasetSnapshot, Finding


def aggregation_words() -> dict[str, str]:
    return {
        "majority": _("majority of the labels; a tie decides nothing"),
        "dawid_skene": _("Dawid-Skene: labels weighted by how reliable each person is"),
        "adjudicated_first": _("adjudicated first, else the majority"),
    }


def cause_words() -> dict[str, str]:
    return {
        "new_item": _("new item"), "gone": _("no longer there"), "gold": _("a known answer"),
        "relabel": _("re-labeled"), "guideline": _("another guideline version"),
        "amended": _("somebody changed their answer"), "new_data": _("more labels"),
        "aggregation": _("put together otherwise"),
    }  # fmt: skip


# --- policy ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Failure:
    """One rule that is not met: where, what there is, what was asked for, and why it is unknown if it is."""

    where: str
    rule: str
    actual: str
    required: str
    reason: str


def shown_failure(failure: Mapping[str, Any], titles: Mapping[str, str]) -> Failure:
    rule, actual, required = failure["rule"], failure["actual"], failure["required"]
    names = {
        "min_alpha": _("alpha"), "min_alpha_low": _("lower end of alpha's interval"),
        "max_open_hotspots": _("open findings of an unclear guideline"), "max_open_findings": _("open findings"),
        "questions": _("there is no such question"),
    }  # fmt: skip
    where = _where(failure["where"], titles) or _("The project")
    if rule.startswith("max_"):
        return Failure(where, names[rule], whole(actual), _("at most %s") % whole(required), "")
    least = "" if required is None else _("at least %s") % decimal(required)
    return Failure(
        where, names.get(rule, rule), "" if actual is None else decimal(actual), least, failure.get("reason", "")
    )


def _where(where: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    title = titles.get(where.get("question", ""), where.get("question", ""))
    cut = ", ".join(f"{key} = {value}" for key, value in (where.get("slice") or {}).items())
    return f"{title} · {cut}" if cut else title


def policy_words(policy: Mapping[str, Any]) -> list[str]:
    """The rules of a policy, one by one; empty without a policy."""
    words = {
        "min_alpha": _("alpha at least %s"), "min_alpha_low": _("lower end of alpha's interval at least %s"),
        "max_open_hotspots": _("at most %s open findings of an unclear guideline"),
        "max_open_findings": _("at most %s open findings"),
    }  # fmt: skip
    rules = [text % policy[key] for key, text in words.items() if key in policy]
    if {"min_alpha", "min_alpha_low"} & set(policy):
        rules.append(
            _("over everything only") if policy.get("per_slice") is False else _("everywhere and in each slice")
        )
    if policy.get("questions"):
        rules.append(_("questions: %s") % ", ".join(policy["questions"]))
    return rules


@dataclass(frozen=True)
class PolicyResult:
    """`kind` is that of a badge."""

    text: str
    kind: str
    failures: list[Failure]


def policy_result(snapshot: DatasetSnapshot, titles: Mapping[str, str]) -> PolicyResult:
    manifest: dict[str, Any] = snapshot.manifest
    failures = [shown_failure(failure, titles) for failure in manifest.get("policy_failures", [])]
    if not manifest["policy"]:
        return PolicyResult(_("no policy"), "", failures)
    if failures:
        return PolicyResult(_("waived"), "warn", failures)
    return PolicyResult(_("policy met"), "good", failures)


# --- audit -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AuditPlot:
    """Agreement of one question, overall and slice by slice, as it stands in the manifest."""

    question: str
    title: str
    plot: IntervalRowsPlot


def audit_plots(snapshot: DatasetSnapshot, titles: Mapping[str, str]) -> list[AuditPlot]:
    return [
        _audit_plot(titles.get(key, key), measured) for key, measured in snapshot.manifest["audit"]["agreement"].items()
    ]


def _audit_plot(question: str, measured: Mapping[str, Any]) -> AuditPlot:
    overall = read_metric(measured["overall"], "krippendorff_alpha", measured["alpha"])
    rows, names, readings = [_row(_("Everything"), overall, is_total=True)], [], []
    for key, slice_rows in measured["slices"].items():
        for row in slice_rows:
            names.append(f"{key} = {row['group'][key]}")
            readings.append(read_metric(row, "krippendorff_alpha", measured["alpha"]))
            rows.append(_row(names[-1], readings[-1]))
    title = plot_title("overall", names, readings, "krippendorff_alpha") if names else _("Agreement over everything")
    plot = interval_rows(rows, upper=1, reference=TENTATIVE, reference_label=_(
        "The dashed line is at 0.667: below it, common practice draws no conclusions (Krippendorff)"
    ))  # fmt: skip
    return AuditPlot(question, title, plot)


def _row(name: str, r: Reading, *, is_total: bool = False) -> IntervalRow:
    return IntervalRow(name, r.value, r.low, r.high, r.n, r.reason, is_total=is_total)


def headline_of(snapshot: DatasetSnapshot, titles: Mapping[str, str]) -> list[tuple[str, Figure]]:
    """Overall alpha of each question, for the list."""
    return [
        (titles.get(key, key), read_metric(measured["overall"], "krippendorff_alpha", measured["alpha"]).words)
        for key, measured in snapshot.manifest["audit"]["agreement"].items()
    ]


@dataclass(frozen=True)
class AuditedFinding:
    """A finding that was open at the snapshot's instant, with its figures of then; `url` where it can be read now."""

    kind: str
    what: str
    state: str
    effect: Figure
    unit: str
    url: str


def audited_findings(snapshot: DatasetSnapshot, project: Project, titles: Mapping[str, str]) -> list[AuditedFinding]:
    """One query."""
    entries: list[dict[str, Any]] = snapshot.manifest["audit"]["open_findings"]
    known = dict(
        Finding.objects.filter(project=project, key__in=[entry["key"] for entry in entries]).values_list("key", "pk")
    )
    return [_audited(entry, known, project.slug, titles) for entry in entries]


def _audited(
    entry: Mapping[str, Any], known: Mapping[str, int], slug: str, titles: Mapping[str, str]
) -> AuditedFinding:  # fmt: skip
    effect, unit = effect_words(entry.get("unit"), entry.get("effect"), entry.get("low"), entry.get("high"), entry["n"])
    url = reverse("finding", args=[slug, known[entry["key"]]]) if entry["key"] in known else ""
    return AuditedFinding(
        kind_words().get(entry["kind"], entry["kind"]), _subject_words(entry["subject"], titles),
        state_words().get(entry["state"], entry["state"]), effect, unit, url,
    )  # fmt: skip


def _subject_words(subject: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    parts = [titles.get(subject.get("question", ""), subject.get("question", ""))]
    parts += [subject["annotator"]] if subject.get("annotator") else []
    parts += [" / ".join(subject["labels"])] if subject.get("labels") else []
    parts += [subject["label"]] if subject.get("label") else []
    for part in ("slice", "cohort"):
        parts += [f"{key} = {value}" for key, value in (subject.get(part) or {}).items()]
    parts += [subject["clause"]] if subject.get("clause") else []
    return " · ".join(filter(None, parts))


# --- loading ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownFile:
    name: str
    url: str
    size: str
    rows: int
    sha256: str


def shown_files(snapshot: DatasetSnapshot) -> list[ShownFile]:
    return [
        ShownFile(file["name"], file_url(snapshot, file["name"]), _bytes(file["bytes"]), file["rows"], file["sha256"])
        for file in snapshot.manifest["files"]
    ]


def file_url(snapshot: DatasetSnapshot, name: str) -> str:
    """Where the API serves a file's bytes; a browser's session opens it too."""
    return f"/api/v1/snapshots/{snapshot.pk}/files/{name}"


def _bytes(size: int) -> str:
    if size < 1000:
        return f"{size}{THIN}B"
    shown, unit = next(
        ((size / u, name) for u, name in ((1e3, "kB"), (1e6, "MB")) if size < u * 1e3), (size / 1e9, "GB")
    )
    return f"{shown:.1f}{THIN}{unit}" if shown < 10 else f"{shown:.0f}{THIN}{unit}"


def snippets(snapshot: DatasetSnapshot) -> list[tuple[str, str]]:
    """Code that fetches the rows and checks them against the hash on this page."""
    file = snapshot.manifest["files"][0]
    url, sha256 = f"{settings.ORIGIN}{file_url(snapshot, file['name'])}", file["sha256"]
    curl = (
        f'curl -fsS -H "Authorization: Token $CONCORD_TOKEN" \\\n  -o {file["name"]} {url}\n'
        f"echo '{sha256}  {file['name']}' | sha256sum -c"
    )
    python = (
        "import hashlib, json, os, urllib.request\n\n"
        f'request = urllib.request.Request(\n    "{url}",\n'
        '    headers={"Authorization": "Token " + os.environ["CONCORD_TOKEN"]},\n)\n'
        "data = urllib.request.urlopen(request).read()\n"
        f'assert hashlib.sha256(data).hexdigest() == "{sha256}"\n'
        "rows = [json.loads(line) for line in data.splitlines()]"
    )
    datasets = f'from datasets import load_dataset\n\nrows = load_dataset("json", data_files="{file["name"]}")["train"]'
    return [("curl", curl), ("Python", python), ("datasets", datasets)]


# --- difference ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownChange:
    external_id: str
    question: str
    before: str
    after: str
    cause: str


def shown_changes(changes: Sequence[Mapping[str, Any]], questions: Sequence[Question]) -> list[ShownChange]:
    asked = {question.key: question for question in questions}
    return [_change(change, asked.get(change["question"])) for change in changes]


def _change(change: Mapping[str, Any], question: Question | None) -> ShownChange:
    return ShownChange(
        change["external_id"], question.title if question else change["question"], _label(question, change["before"]),
        _label(question, change["after"]), cause_words().get(change["cause"], change["cause"]),
    )  # fmt: skip


def _label(question: Question | None, value: Any) -> str:
    if value is None:
        return ""
    names = {option.key: option.label for option in question.options} if question else {}
    values = value if isinstance(value, list) else [value]
    return ", ".join(names.get(str(each), str(each)) for each in values)
