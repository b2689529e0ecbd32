"""One row of agreement as the API, the stored analysis and the snapshot's audit say it."""

from collections.abc import Iterator
from typing import Any

from quality.ratings_loader import CodedQuestion
from quality.stats.agreement import Agreement
from quality.stats.figures import Figure

Row = dict[str, Any]

METRICS = (
    "percent_agreement", "cohen_kappa_mean_pairwise", "cohen_kappa_weighted", "fleiss_kappa", "conger_kappa",
    "krippendorff_alpha", "gwet_ac1", "gwet_ac2",
)  # fmt: skip


def main_distance(question: CodedQuestion) -> str:
    """The distance whose alpha speaks for the question: ordinal for ratings, else nominal."""
    return "ordinal" if question.is_ordinal else "nominal"


def agreement_row(found: Agreement, question: CodedQuestion, group: dict[str, Any], values: tuple[str, ...]) -> Row:
    """The row: figures or null, `interval` and `undefined` by metric, prevalence by value, the note in words.

    `krippendorff_alpha` under `interval` and `undefined` is the alpha of the question's own distance
    (`main_distance`); each distance also stands there by itself, like `krippendorff_alpha.nominal`.
    """
    figures = dict(_figures(found, question))
    undefined = {name: figure.undefined.sentence for name, figure in figures.items() if figure.undefined is not None}
    plain = {name: figure.value for name, figure in figures.items() if not name.startswith("krippendorff_alpha")}
    return {
        "group": group,
        "n_items": found.n_items, "n_shared_items": found.n_shared_items,
        "n_annotators": found.n_annotators, "n_labels": found.n_labels,
        **plain,
        "pairs": found.pairs, "pairs_undefined": found.pairs_undefined, "pairs_too_few": found.pairs_too_few,
        "krippendorff_alpha": {name: figure.value for name, figure in found.krippendorff_alpha.items()},
        "interval": _intervals(figures),
        "prevalence": dict(zip(values, found.prevalence, strict=True)),
        "undefined": undefined,
        "note": " ".join(note.sentence for note in found.notes) or None,
    }  # fmt: skip


def only_metric(row: Row, metric: str) -> Row:
    """The row with one metric, its interval and its reason; counts and note stay."""
    others = {name for name in METRICS if name != metric}
    kept = {name: value for name, value in row.items() if name not in others}
    for part in ("interval", "undefined"):
        kept[part] = {name: value for name, value in row[part].items() if name.split(".")[0] == metric}
    return kept


def _figures(found: Agreement, question: CodedQuestion) -> Iterator[tuple[str, Figure]]:
    yield "percent_agreement", found.percent_agreement
    yield "percent_agreement_pooled", found.percent_agreement_pooled
    yield "cohen_kappa_mean_pairwise", found.cohen_kappa
    yield "fleiss_kappa", found.fleiss_kappa
    yield "conger_kappa", found.conger_kappa
    yield "gwet_ac1", found.gwet_ac1
    if found.gwet_ac2 is not None:
        yield "gwet_ac2", found.gwet_ac2
    if found.cohen_kappa_weighted is not None:
        yield "cohen_kappa_weighted", found.cohen_kappa_weighted
    yield (
        "krippendorff_alpha",
        found.krippendorff_alpha.get(main_distance(question), found.krippendorff_alpha["nominal"]),
    )
    for distance, figure in found.krippendorff_alpha.items():
        yield f"krippendorff_alpha.{distance}", figure


def _intervals(figures: dict[str, Figure]) -> dict[str, list[float] | None]:
    """By metric; alpha always stands there, null where there is too little to say, so that a client may ask for it."""
    return {"krippendorff_alpha": None} | {
        name: [figure.low, figure.high]
        for name, figure in figures.items()
        if figure.low is not None and figure.high is not None
    }
