"""Answers to questions about a guideline, as the people whom they concern are told of them."""

from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guidelines.markdown import render_markdown
from guidelines.selectors.clarifications import Told, unread_answers


@dataclass(frozen=True)
class ShownAnswer:
    """`why`: in words, why this person is told; `where`: what became of the ruling. `html` is safe Markdown."""

    told: Told
    html: SafeString
    why: str
    where: str


def shown_answers(user_id: int, guideline_id: int | None = None) -> list[ShownAnswer]:
    """What the person has not put away yet. One query."""
    return [_shown(told) for told in unread_answers(user_id, guideline_id)]


def _shown(told: Told) -> ShownAnswer:
    why = {
        "asked": _("You asked"), "similar": _("You have an item on which it was asked"),
        "cited": _("You used this clause lately"),
    }[told.reason]  # fmt: skip
    return ShownAnswer(told, SafeString(render_markdown(told.ruling)), why, _where(told))


def _where(told: Told) -> str:
    values = {"key": told.precedent, "clause": told.clause, "version": told.version}
    if told.version:
        return _("precedent %(key)s, in version %(version)s") % values
    return _("precedent %(key)s of the next version") % values if told.precedent else ""
