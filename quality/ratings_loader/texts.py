"""What the items say, for the hotspots' words. The only place of the analyses where payloads are read."""

from typing import Any

from annotation.models import Item
from quality.ratings_loader.table import LabelTable

TEXT_FIELDS = ("text", "chat", "document", "markdown")


def item_texts(table: LabelTable) -> list[str]:
    """One text per item of the table: its shown text and chat fields, joined; empty where there is none."""
    fields = [f["key"] for f in table.project.fields if f.get("type", "text") in TEXT_FIELDS]
    places = {int(pk): code for code, pk in enumerate(table.item_ids)}
    texts = [""] * len(places)
    rows = Item.objects.filter(project=table.project).values_list("pk", "payload")
    for pk, payload in rows.iterator(chunk_size=2000):
        if pk in places:
            texts[places[pk]] = " ".join(filter(None, (_words(payload.get(field)) for field in fields)))
    return texts


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(filter(None, (_words(part) for part in value)))
    if isinstance(value, dict):  # a turn of a chat: what was said, not who said it
        return _words(value.get("text", value.get("content", "")))
    return ""
