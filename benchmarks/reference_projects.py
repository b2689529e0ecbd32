"""Published data sets brought into a running Concord by its API alone, and its figures against theirs.

    python -m benchmarks.reference_projects http://127.0.0.1:8000 TOKEN FOLDER [convabuse multipico]

FOLDER holds a folder for each set with task.json, items.jsonl.gz, annotators.csv, labels.csv.gz and reference.json.
For each: guideline, publish, project, items, annotators, labels, analysis; then agreement overall and by slice to 6
digits, and what must be among the findings and what must not. The token needs the scopes read, import and manage and
belongs to somebody who may start projects. Exit status 1 on a difference. Standard library only.
"""

import argparse
import csv
import gzip
import json
import math
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

QUESTION = "answer"
MEASURED_AT_ONCE = 20_000  # labels up to which slices below 20 items can be asked for, too
NO_COHORT_FINDING = {"multipico": ("gender", "age_band", "age", "student_status")}
BIASED = {"convabuse": "Annotator5"}


class Concord:
    """The few calls this needs."""

    def __init__(self, url: str, token: str) -> None:
        self.base, self.headers = f"{url.rstrip('/')}/api/v1/", {"Authorization": f"Token {token}"}

    def call(
        self, method: str, path: str, body: Any = None, *, content_type: str = "application/json", **headers: str
    ) -> Any:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        url = path if path.startswith("http") else self.base + path
        request = urllib.request.Request(  # noqa: S310  (the address is the caller's)
            url, data=data, method=method, headers=self.headers | {"Content-Type": content_type} | headers
        )
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()[:2000]}") from error

    def lines(self, path: str, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
        body = "\n".join(json.dumps(row) for row in rows).encode()
        report: dict[str, Any] = self.call("POST", path, body, content_type="application/x-ndjson")
        if report["rejected"] or report["conflicts"]:
            raise SystemExit(f"{path}: {report}")
        return report

    def finish(self, job: dict[str, Any]) -> dict[str, Any]:
        """The result of a job once it has ended."""
        while job["state"] in {"queued", "running"}:
            time.sleep(0.2)
            job = self.call("GET", f"jobs/{job['id']}/")
        if job["state"] != "succeeded":
            raise SystemExit(f"job {job['id']}: {job['state']} {job['error']}")
        result: dict[str, Any] = job["result"]
        return result

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        following: str | None = path
        while following:
            page = self.call("GET", following)
            yield from page["results"]
            following = page["next"]


@dataclass(frozen=True)
class DataSet:
    """A set on disk."""

    name: str
    folder: Path

    def json(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())

    def question(self) -> dict[str, Any]:
        task = self.json("task.json")
        if task["kind"] == "ordinal":
            levels = [int(value) for value in task["order"]]
            return {
                "key": QUESTION,
                "type": "rating",
                "title": task["question"],
                "min": min(levels),
                "max": max(levels),
            }
        options = [{"key": entry["value"], "label": entry["label"]} for entry in task["labels"]]
        return {"key": QUESTION, "type": "choice", "title": task["question"], "options": options}

    def items(self) -> Iterator[dict[str, Any]]:
        with gzip.open(self.folder / "items.jsonl.gz", "rt", encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                yield {key: row[key] for key in ("external_id", "payload", "meta")}

    def annotators(self) -> Iterator[dict[str, Any]]:
        with (self.folder / "annotators.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                yield {"kind": "human"} | {key: value for key, value in row.items() if value}

    def labels(self) -> Iterator[dict[str, Any]]:
        is_ordinal = self.question()["type"] == "rating"
        with gzip.open(self.folder / "labels.csv.gz", "rt", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                value = int(row["value"]) if is_ordinal else row["value"]
                yield {
                    "external_id": row["external_id"], "annotator": row["annotator"], "answer": {QUESTION: value},
                    "occurrence": int(row.get("occurrence") or 1),
                }  # fmt: skip


def bring_in(concord: Concord, data: DataSet, slug: str) -> None:
    first = next(data.items())
    task = data.json("task.json")
    concord.call("POST", "guidelines/", {"slug": slug, "title": slug})
    draft = {"clauses": [], "questions": [data.question()], "examples": [], "change_note": "as published"}
    put = {"If-Match": draft_etag(concord, slug)}
    concord.call("PUT", f"guidelines/{slug}/draft/", draft, **put)
    concord.call("POST", f"guidelines/{slug}/publish/", {"level": "major", "change_note": "as published"})
    fields = [{"key": key, "type": "text"} for key, value in first["payload"].items() if isinstance(value, str)]
    concord.call("POST", "projects/", {
        "slug": slug, "title": data.name, "guideline": slug, "slices": task["slice_columns"], "fields": fields,
        "overlap": {"labels_per_item": 3},
    })  # fmt: skip
    for name in ("items", "annotators", "labels"):
        begin = time.perf_counter()
        report = concord.lines(f"projects/{slug}/{name}/", getattr(data, name)())
        print(f"  {name}: {report['created']} created in {time.perf_counter() - begin:.1f} s")


def draft_etag(concord: Concord, slug: str) -> str:
    request = urllib.request.Request(f"{concord.base}guidelines/{slug}/draft/", headers=concord.headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return str(answer.headers["ETag"])


class Comparison:
    """Counts figures and remembers the ones that differ."""

    def __init__(self) -> None:
        self.n, self.wrong = 0, 0

    def check(self, what: str, found: Any, expected: Any, digits: int = 6) -> None:
        self.n += 1
        is_number = isinstance(found, int | float) and isinstance(expected, int | float)
        is_same = (
            math.isclose(found, expected, rel_tol=0, abs_tol=0.5 * 10**-digits) if is_number else found == expected
        )
        self.wrong += not is_same
        if not is_same:
            print(f"  DIFFERS {what}: {found} instead of {expected}")

    def row(self, where: str, row: dict[str, Any], reference: dict[str, Any]) -> None:
        self.check(f"{where} n_items", row["n_items"], reference["n_items"])
        self.check(f"{where} n_labels", row["n_labels"], reference["n_labels"])
        self.check(f"{where} n_annotators", row["n_annotators"], reference["n_annotators"])
        for distance, alpha in row["krippendorff_alpha"].items():
            self.check(f"{where} alpha {distance}", alpha, reference[f"krippendorff_alpha_{distance}"])
        self.check(
            f"{where} percent agreement", row["percent_agreement"], reference["percent_agreement_mean_over_items"]
        )
        pooled = reference["percent_agreement_pooled_pairs"]
        self.check(f"{where} percent agreement, pooled", row["percent_agreement_pooled"], pooled)
        for name, key in (
            ("gwet_ac1", "gwet_ac1"), ("gwet_ac2", "gwet_ac2_ordinal_weights"), ("fleiss_kappa", "fleiss_kappa_irrCAC"),
            ("conger_kappa", "conger_kappa"),
        ):  # fmt: skip
            if key in reference and row.get(name) is not None:
                self.check(f"{where} {name}", row[name], reference[key]["value"])


def compare(concord: Concord, data: DataSet, slug: str) -> Comparison:
    comparison, reference = Comparison(), data.json("reference.json")
    path = f"projects/{slug}/agreement/?question={QUESTION}&by="
    (overall,) = concord.call("GET", f"{path}overall")["results"]
    comparison.row("overall", overall, reference["overall"])
    pairs = reference["pairwise_cohen"]["min_common_10"]
    kappa = pairs["mean_kappa_unweighted_over_pairs"]
    comparison.check("mean pairwise kappa", overall["cohen_kappa_mean_pairwise"], kappa)
    comparison.check("pairs", overall["pairs"], pairs["pairs"])
    comparison.check("pairs undefined", overall["pairs_undefined"], pairs["pairs_kappa_undefined"])
    for key, groups in reference["slices"].items():
        least = "&min_n=1" if overall["n_labels"] <= MEASURED_AT_ONCE else ""
        rows = {row["group"][key]: row for row in concord.call("GET", f"{path}slice:{key}{least}")["results"]}
        for name, figures in groups.items():
            if name in rows and rows[name]["percent_agreement"] is not None:
                comparison.row(f"{key}={name}", rows[name], figures)
    shown = {name: overall[name] for name in ("percent_agreement", "cohen_kappa_mean_pairwise", "gwet_ac1")}
    print(f"  overall: alpha {overall['krippendorff_alpha']}, {shown}")
    check_findings(concord, data.name, slug, comparison)
    return comparison


def check_findings(concord: Concord, name: str, slug: str, comparison: Comparison) -> None:
    findings = list(concord.pages(f"projects/{slug}/findings/?state=open"))
    for finding in findings:
        print(f"  {finding['kind']}: {finding['summary']}")
    if name in BIASED:
        biased = [f["subject"]["annotator"] for f in findings if f["kind"] == "bias"]
        comparison.check(f"{BIASED[name]} is among the biased", BIASED[name] in biased, True)
    cohorts = {key for f in findings if f["kind"] == "cohort_bias" for key in f["subject"]["cohort"]}
    for key in NO_COHORT_FINDING.get(name, ()):
        comparison.check(f"no finding about the cohort {key}", key in cohorts, False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("token")
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="*", default=["convabuse", "multipico"])
    asked = parser.parse_args()
    concord, wrong = Concord(asked.url, asked.token), 0
    for name in asked.sets:
        data, slug = DataSet(name, asked.folder / name), f"{name}-{int(time.time())}"
        print(f"{name} as {slug}")
        bring_in(concord, data, slug)
        begin = time.perf_counter()
        concord.finish(concord.call("POST", f"projects/{slug}/analyses/", {}))
        print(f"  analysis: {time.perf_counter() - begin:.1f} s")
        comparison = compare(concord, data, slug)
        print(f"  {comparison.n} comparisons, {comparison.wrong} differ")
        wrong += comparison.wrong
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
