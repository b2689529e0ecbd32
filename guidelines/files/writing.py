from typing import Any

from guidelines.content import GuidelineContent, to_json
from guidelines.files.plain_yaml import write_plain_yaml

FORMAT = "concord-guideline/1"


def write_guideline_file(content: GuidelineContent, *, title: str, note: str, about: str) -> str:
    """The file: what it is in a comment, then title, note and every list of the content in its order.

    The same content gives the same bytes, and an unchanged clause the same lines, so that two files compare in git.
    """
    head: dict[str, Any] = {"format": FORMAT, "title": title, "change_note": note}
    return f"# {about}\n" + write_plain_yaml(head | to_json(content))
