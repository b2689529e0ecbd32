"""Findings in plain words. One place, so that page, API and report say the same."""

from collections.abc import Mapping
from typing import Any

Facts = Mapping[str, Any]


def finding_summary(
    kind: str, subject: Facts, facts: Facts, effect: float, low: float | None, high: float | None
) -> str:
    """One or two sentences that a lead understands: who or what, how big, how sure, over how many labels."""
    return _SENTENCES[kind](subject, facts, effect, low, high)


def _bias(subject: Facts, facts: Facts, effect: float, low: float | None, high: float | None) -> str:
    who = subject["annotator"]
    if facts["unit"] == "points":
        way = "lower" if effect < 0 else "higher"
        return (
            f"{who} rates {abs(effect):.2f} points {way} than others on the same items{_points_between(low, high)}, "
            f"over {facts['n']} labels."
        )
    label = _name(facts, subject["label"])
    way = "more" if effect > 0 else "less"
    sentence = (
        f"{who} uses “{label}” {_points(abs(effect))} {way} often than others on the same items"
        f"{_share_between(low, high)}, over {facts['n']} labels."
    )
    if facts.get("says") and facts.get("others_say"):
        says, others = _name(facts, facts["says"]), _name(facts, facts["others_say"])
        sentence += f" Mostly they say “{says}” where others say “{others}”."
    return sentence


def _cohort_bias(subject: Facts, facts: Facts, effect: float, low: float | None, high: float | None) -> str:
    cohort = ", ".join(f"{key} = {value}" for key, value in subject["cohort"].items())
    where = _where(subject.get("slice"))
    if facts["unit"] == "points":
        way = "lower" if effect < 0 else "higher"
        how_sure = _points_between(low, high)
        return f"People with {cohort} rate {abs(effect):.2f} points {way} than the rest{where}{how_sure}."
    way = "more" if effect > 0 else "less"
    label = _name(facts, subject["label"])
    return (
        f"People with {cohort} use “{label}” {_points(abs(effect))} {way} often than the rest{where}"
        f"{_share_between(low, high)}: the group differs, not one person."
    )


def _hotspots(subject: Facts, facts: Facts, effect: float, low: float | None, high: float | None) -> str:
    a, b = (_name(facts, label) for label in subject["labels"])
    words = _listed(subject.get("terms") or ())
    place = _where(subject.get("slice")) + (f" on items that say {words}" if words else "")
    wrong = facts.get("expected_wrong") or 0
    sentence = (
        f"People split between “{a}” and “{b}”{place}: {facts['n_split']} items, {effect:.1f} times as many as "
        "elsewhere, and the same people lean the same way each time. They read the guideline in two ways"
    )
    sentence += f"; look at clause {subject['clause']}." if subject.get("clause") else "."
    return sentence + (f" About {wrong:.0f} labels are likely wrong." if wrong >= 1 else "")


def _spam(subject: Facts, facts: Facts, effect: float, low: float | None, high: float | None) -> str:
    who = subject["annotator"]
    if subject["pattern"] == "constant":
        label = _name(facts, facts.get("label"))
        share = facts.get("top_share", 1.0)
        return f"{who} answers “{label}” to {share:.0%} of the items, whatever they say ({facts['n']} labels)."
    return (
        f"The answers of {who} agree with the others' hardly more than chance: kappa {effect:.2f}"
        f"{_between(low, high, 2)}, over {facts['n']} labels."
    )


def _drift(subject: Facts, facts: Facts, effect: float, low: float | None, high: float | None) -> str:
    return (
        f"Since {subject['from'][:10]} {subject['annotator']} agrees with the others {_points(abs(effect))} less often "
        f"than before{_share_between(low, high)}, over {facts['n']} labels."
    )


def _collusion(subject: Facts, facts: Facts, effect: float, low: float | None, high: float | None) -> str:
    a, b = subject["annotators"]
    return (
        f"{a} and {b} gave the same answer to {_points(abs(effect))} more of their {facts['n']} shared items than "
        f"their agreement with everybody else explains{_share_between(low, high)}."
    )


_SENTENCES = {
    "bias": _bias, "cohort_bias": _cohort_bias, "hotspots": _hotspots, "spam": _spam, "drift": _drift,
    "collusion": _collusion,
}  # fmt: skip


def _name(facts: Facts, key: Any) -> str:
    return str(facts.get("names", {}).get(key, key))


def _points(share: float) -> str:
    """A change of a share in percentage points."""
    return f"{100 * share:.0f} percentage points"


def _share_between(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    first, last = sorted((abs(low), abs(high)))
    if low * high < 0:
        return f" (95 % interval {100 * low:+.0f} to {100 * high:+.0f})"
    return f" (95 % interval {100 * first:.0f} to {100 * last:.0f})"


def _points_between(low: float | None, high: float | None) -> str:
    """Of a difference whose direction the sentence names: sizes, unless the interval goes through 0."""
    if low is None or high is None or low * high < 0:
        return _between(low, high, 2)
    return _between(min(abs(low), abs(high)), max(abs(low), abs(high)), 2)


def _between(low: float | None, high: float | None, digits: int) -> str:
    if low is None or high is None:
        return ""
    return f" (95 % interval {low:.{digits}f} to {high:.{digits}f})"


def _where(part: Facts | None) -> str:
    return "" if not part else " where " + ", ".join(f"{key} is {value}" for key, value in part.items())


def _listed(words: Any) -> str:
    quoted = [f"“{word}”" for word in words]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + f" or {quoted[-1]}" if quoted else ""
