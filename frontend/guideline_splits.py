"""The last split of each guideline that this person made, kept in their session so that it can be taken back."""

from django.http import HttpRequest

from guidelines.models import Guideline
from guidelines.services.splitting import Split


def remember_split(request: HttpRequest, guideline: Guideline, split: Split) -> None:
    request.session[_name(guideline)] = list(split)


def split_to_undo(request: HttpRequest, guideline: Guideline, key: str) -> Split | None:
    """The split that made this clause what it is, from one of its halves."""
    kept = request.session.get(_name(guideline))
    split = Split(*kept) if kept else None
    return split if split and key in {split.before["key"], split.new_key} else None


def forget_split(request: HttpRequest, guideline: Guideline) -> None:
    request.session.pop(_name(guideline), None)


def _name(guideline: Guideline) -> str:
    return f"split-{guideline.pk}"
