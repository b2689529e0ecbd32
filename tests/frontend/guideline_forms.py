"""What the browser posts from the editor of a guideline, and what the draft then says."""

from typing import Any

from guidelines.models import Guideline, GuidelineDraft
from guidelines.parts import find_part, part_digest

HTMX = {"HX-Request": "true"}
EXAMPLE = {"key": "E1", "kind": "edge", "text": "Late parcel", "answer": {"intent": "refund"}, "rationale": "Money."}


def draft(guideline: Guideline) -> GuidelineDraft:
    return GuidelineDraft.objects.get(guideline=guideline)


def part(guideline: Guideline, kind: str, key: str) -> dict[str, Any]:
    found = find_part(draft(guideline).content, kind, key)
    assert found is not None
    return found


def clause_form(guideline: Guideline, key: str = "C1", **fields: str) -> dict[str, str]:
    """What the browser posts for a clause that was just opened, with some fields changed."""
    clause = part(guideline, "clause", key)
    shown = {"title": clause["title"], "body": clause["body"], "parent": clause["parent"] or ""}
    return shown | {"base": part_digest(clause)} | fields


def question_form(guideline: Guideline, key: str = "intent", **fields: str) -> dict[str, str]:
    question = part(guideline, "question", key)
    form = {"title": question["title"], "help": question.get("help", ""), "required": "on"}
    form |= {"base": part_digest(question), "options": str(len(question["options"]))}
    for at, option in enumerate(question["options"]):
        texts = {name: option.get(name, "") for name in ("label", "key", "hotkey", "definition", "use_when")}
        form |= {f"o{at}-{name}": text for name, text in texts.items()}
        form[f"o{at}-clauses"] = " ".join(option.get("clauses", []))
    return form | fields
