"""The compiled requirements: exact, hashed, without the address of an index, and agreeing with each other."""

import re

import pytest

from tests.stack.checkout import ROOT

REQUIREMENTS = ROOT / "requirements"
COMPILED = sorted(REQUIREMENTS.glob("*.txt"))


def pins(name: str) -> set[str]:
    return set(re.findall(r"^[a-zA-Z0-9][\w.\[\]-]*==\S+", (REQUIREMENTS / f"{name}.txt").read_text(), re.MULTILINE))


@pytest.mark.parametrize("file", COMPILED, ids=lambda file: file.name)
def test_each_package_is_pinned_with_hashes_and_no_address_is_named(file) -> None:  # type: ignore[no-untyped-def]
    text = file.read_text()
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", text)[1:]
    assert blocks
    assert [block.split()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []
    assert re.findall(r"https?://|--index|--find-links", text) == []


def test_what_the_tests_run_on_is_what_the_demo_runs_on() -> None:
    assert pins("demo") - pins("test") == set()
