"""Which code made a figure or a snapshot: the product's version and a hash of what computes and writes."""

import functools
import hashlib
import tomllib
from pathlib import Path

from django.conf import settings

_PARTS = ("quality", "annotation/formats", "guidelines/label_schema", "operations/strict_json")


@functools.cache
def code_version() -> str:
    """Like `0.1.0+3f2a9c41d0be`. The same code gives the same version on every machine."""
    root = Path(settings.BASE_DIR)
    with (root / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    digest = hashlib.sha256()
    for part in _PARTS:
        for path in sorted((root / part).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{version}+{digest.hexdigest()[:12]}"
