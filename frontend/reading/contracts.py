"""Slice contracts against their state, in words and bars: the worst served first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.navigation import url_if_there
from frontend.plots import IntervalRow, IntervalRowsPlot, Progress, interval_rows, progress_bar
from frontend.wording import count, decimal, percent, whole
from quality.services.contract_board import ContractState, Term

TERM_NAMES = {
    "target_labels": gettext_lazy("Labels"),
    "overlap_share": gettext_lazy("Share of its items with the labels wanted"),
    "lowest_alpha": gettext_lazy("Krippendorff's alpha, lower end of its interval"),
    "widest_interval": gettext_lazy("Interval of alpha, from end to end"),
    "least_cohorts": gettext_lazy("Different cohorts on an item"),
}


@dataclass(frozen=True)
class ShownTerm:
    """One promise: what it wants and what is reached, in words; `badge` is the kind of its mark."""

    name: Any
    wanted: str
    reached: str
    mark: str
    badge: str
    note: str


@dataclass(frozen=True)
class ShownContract:
    number: int
    slice: str
    items_url: str
    n_items: int
    progress: Progress | None
    terms: list[ShownTerm]
    who: str
    behind: float
    is_kept: bool
    measured_at: Any


def shown_contracts(states: Sequence[ContractState], slug: str) -> list[ShownContract]:
    """Those behind first, by how far; then by number, which is the order in which they take items."""
    shown = [_shown(state, slug) for state in states]
    return sorted(shown, key=lambda contract: (-contract.behind, contract.is_kept, contract.number))


def sentence(shown: Sequence[ShownContract]) -> str:
    """How many are kept, and which is served first."""
    kept = sum(contract.is_kept for contract in shown)
    words = _("%(kept)s of %(all)s kept.") % {"kept": kept, "all": count(len(shown), _("contract"), _("contracts"))}
    if shown and shown[0].behind > 0:
        words += " " + _("%(slice)s is furthest behind and is served first.") % {"slice": shown[0].slice}
    return words


def alpha_plot(states: Sequence[ContractState], slug: str) -> IntervalRowsPlot | None:
    """Alpha of each slice that has one or is promised one, as soon as one has; a common promise is drawn as a line."""
    drawn = [s for s in states if s.alpha is not None or s.contract.lowest_alpha is not None]
    if all(state.alpha is None for state in drawn):
        return None
    promised = {state.contract.lowest_alpha for state in drawn}
    reference = promised.pop() if len(promised) == 1 else None
    label = "" if reference is None else _("at least %(alpha)s is promised") % {"alpha": decimal(reference)}
    rows = [_alpha_row(state, slug) for state in drawn]
    return interval_rows(rows, reference=reference, reference_label=label)


def _alpha_row(state: ContractState, slug: str) -> IntervalRow:
    wanted, (low, high) = state.contract.lowest_alpha, state.interval or (None, None)
    proven = state.alpha if low is None else low
    tone = "bad" if wanted is not None and proven is not None and proven < wanted else ""
    return IntervalRow(
        slice_words(state.contract.slice), state.alpha, low, high, n=state.items_shared, tone=tone,
        reason=_("not measured yet"), href=_items_url(slug, state.contract.slice),
        note=_("at least %(alpha)s promised") % {"alpha": decimal(wanted)} if wanted is not None else "",
    )  # fmt: skip


def slice_words(slice_: dict[str, str]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in slice_.items())


def _items_url(slug: str, slice_: dict[str, str]) -> str:
    url = url_if_there("items", slug)
    return f"{url}?{urlencode({f'slice.{key}': value for key, value in slice_.items()})}" if url else ""


def _shown(state: ContractState, slug: str) -> ShownContract:
    contract = state.contract
    target = contract.target_labels
    missing = max(0.0, 1 - state.taken / target) if target else 0.0
    return ShownContract(
        number=contract.number, slice=slice_words(contract.slice), items_url=_items_url(slug, contract.slice),
        n_items=state.items, progress=progress_bar(min(state.taken, target), target) if target else None,
        terms=[_term(term) for term in state.terms], who=_who(state), behind=max(missing, contract.need),
        is_kept=all(term.is_met for term in state.terms), measured_at=contract.measured_at,
    )  # fmt: skip


def _term(term: Term) -> ShownTerm:
    mark, badge = {
        True: (_("kept"), "good"), False: (_("behind"), "warn"), None: (_("not known yet"), ""),
    }[term.is_met]  # fmt: skip
    most = term.name == "widest_interval"
    wanted = (_("at most %(n)s") if most else _("at least %(n)s")) % {"n": _number(term.name, term.wanted)}
    reached = "\u2013" if term.reached is None else _number(term.name, term.reached)
    return ShownTerm(TERM_NAMES.get(term.name, term.name), wanted, reached, mark, badge, term.note)


def _number(name: str, value: float) -> str:
    if name == "overlap_share":
        return percent(value)
    return whole(int(value)) if name in {"target_labels", "least_cohorts"} else decimal(value)


def _who(state: ContractState) -> str:
    """Whom the contract leaves in, "" for everybody."""
    contract, words = state.contract, []
    if contract.skills:
        words.append(_("only people with %(skills)s") % {"skills": ", ".join(contract.skills)})
    if contract.cohort_key:
        mix = {"n": contract.least_cohorts, "key": contract.cohort_key}
        words.append(_("the first %(n)s labels of an item from people who differ in %(key)s") % mix)
    return "; ".join(words)
