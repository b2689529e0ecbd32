"""Who is at a draft, and up to where each of them has looked."""

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from guidelines.models import DraftEditor, Guideline
from guidelines.selectors.versions import draft_of


def note_editor(
    *, actor: User, guideline: Guideline, kind: str = "", key: str = "", looks: bool = False
) -> DraftEditor:
    """Somebody is at this part of the draft now; with `looks`, they have its present text before them.

    Who comes for the first time has seen all of it: nothing changed since they looked.
    """
    revision = draft_of(guideline).revision
    with transaction.atomic():
        editor, _ = DraftEditor.objects.select_for_update(no_key=True, of=("self",)).get_or_create(
            guideline=guideline, user=actor, defaults={"looked_at": revision}
        )
        editor.kind, editor.key = kind, key
        if looks and kind:
            editor.looked_at_parts[f"{kind}:{key}"] = revision
        DraftEditor.objects.filter(pk=editor.pk).update(
            kind=kind, key=key, seen_at=Now(), looked_at_parts=editor.looked_at_parts
        )
    return editor


def mark_all_seen(*, actor: User, guideline: Guideline, revision: int) -> None:
    """What others changed up to this revision is known to them."""
    DraftEditor.objects.filter(guideline=guideline, user=actor, looked_at__lt=revision).update(
        looked_at=revision, looked_at_parts={}
    )
