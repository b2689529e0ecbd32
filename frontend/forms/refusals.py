"""A service's refusal beside the field it is about."""

import re
from collections.abc import Mapping

from django import forms

from accounts.errors import DomainError

_HEAD = re.compile(r"[A-Za-z_]+")


def show_refusal(form: forms.Form, refusal: DomainError, fields: Mapping[str, str] | None = None) -> None:
    """Each error of the refusal at the form field of its path; a refusal without any, or of no field, at the top.

    A path like `overlap.share` is looked up as a whole in `fields`, then by its first name, there and in the form.
    """
    known = fields or {}
    for error in refusal.errors:
        head = _HEAD.match(error.path)
        first = head[0] if head else ""
        name = known.get(error.path) or known.get(first) or first
        form.add_error(name if name in form.fields else None, error.detail)
    if not refusal.errors:
        place = known.get(refusal.code)
        form.add_error(place if place in form.fields else None, refusal.detail)
