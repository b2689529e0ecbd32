"""How many stored answers name an option, over all projects of a guideline."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q

from annotation.selectors.labels import standing_answers
from guidelines.label_proposals import LostOption
from guidelines.label_schema import BoxesQuestion, ChoicesQuestion, SpanQuestion
from guidelines.models import Guideline


def count_of_options(guideline: Guideline, options: Sequence[LostOption]) -> dict[tuple[str, str], int]:
    """Standing answers, of people and models, by (question, option). One query; none for no options."""
    if not options:
        return {}
    wanted = {f"n{place}": Q(answer__contains=_named(option)) for place, option in enumerate(options)}
    answers = standing_answers().filter(project__guideline=guideline)
    found = answers.aggregate(**{name: Count("pk", filter=condition) for name, condition in wanted.items()})
    return {option.place: found[name] for option, name in zip(options, wanted, strict=True)}


def _named(option: LostOption) -> dict[str, Any]:
    """What an answer holds that names the option, by the type of its question."""
    if isinstance(option.question, ChoicesQuestion):
        return {option.question.key: [option.option.key]}
    if isinstance(option.question, SpanQuestion | BoxesQuestion):
        return {option.question.key: [{"label": option.option.key}]}
    return {option.question.key: option.option.key}
