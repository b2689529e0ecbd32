"""Why somebody got an item, in one plain sentence. For leads and engineers; annotators are never told."""

from typing import Any

from django.utils.translation import gettext as _

from frontend.wording import percent, whole


def reason_words() -> dict[str, str]:
    """A few words for each reason, for filters and columns."""
    return {
        "queue": _("next in order"), "overlap": _("others label it too"), "pair": _("two people are to share more"),
        "adaptive": _("others did not settle it"), "slice": _("slice behind its contract"),
        "priority": _("sent as urgent"), "relabel": _("re-labeling"), "gold": _("gold"), "repeat": _("hidden repeat"),
        "qualification": _("qualification"), "assigned": _("given by hand"), "returned": _("back from the desk"),
        "undo": _("answer taken back"),
    }  # fmt: skip


def why_sentence(reason: str, facts: dict[str, Any] | None) -> str:
    """The reason with what it rests on. A reason of an older version of the program stands as it is."""
    known = facts or {}
    tell = _WITH_FACTS.get(reason)
    return tell(known) if tell else _plain().get(reason, reason)


def _plain() -> dict[str, str]:
    return {
        "queue": _("It was the next in the order of the queue, and this is its first label."),
        "relabel": _("A re-label campaign asked for it; campaigns go ahead of the queue."),
        "gold": _("Its answer is known: a check that was mixed in by chance, at the project's rate."),
        "repeat": _("They had labeled it before: a check whether they say the same again."),
        "qualification": _("It belongs to the set that everybody answers before real work."),
        "assigned": _("A lead kept it for this person."),
        "returned": _("They had parked it with a question; it came back from the lead's desk."),
        "undo": _("They took their answer back, so they hold it again."),
    }  # fmt: skip


def _overlap(facts: dict[str, Any]) -> str:
    if "label" not in facts:
        return _("Several people label it; this is not its first label.")
    return _("Several people label it; this is label %(n)s.") % {"n": facts["label"]}


def _pair(facts: dict[str, Any]) -> str:
    names = ", ".join(map(str, facts.get("with") or ()))
    if not names:
        return _("A colleague had labeled it, with whom this person is to share more items.")
    words = {"names": names, "n": whole(int(facts.get("shared", 0)))}
    return _("%(names)s had labeled it; the two shared %(n)s items and are to share more.") % words


def _adaptive(facts: dict[str, Any]) -> str:
    if "label" not in facts:
        return _("The labels so far did not settle it, so one more was asked for.")
    return _("The labels so far did not settle it, so label %(n)s was asked for.") % {"n": facts["label"]}


def _slice(facts: dict[str, Any]) -> str:
    name = ", ".join(f"{key} = {value}" for key, value in (facts.get("slice") or {}).items()) or _("its slice")
    if facts.get("target"):
        words = {"slice": name, "taken": whole(int(facts.get("taken", 0))), "target": whole(int(facts["target"]))}
        return _("%(slice)s was furthest behind its contract: %(taken)s of %(target)s labels.") % words
    return _("%(slice)s was furthest behind its contract, by %(need)s.") % {
        "slice": name, "need": percent(facts.get("need")),
    }  # fmt: skip


def _priority(facts: dict[str, Any]) -> str:
    words = {"n": whole(int(facts.get("priority", 0))), "why": facts.get("feed_reason", "")}
    if words["why"]:
        return _("It was sent with priority %(n)s: %(why)s.") % words
    return _("It was sent with priority %(n)s, ahead of the order.") % words


_WITH_FACTS = {"overlap": _overlap, "pair": _pair, "adaptive": _adaptive, "slice": _slice, "priority": _priority}
