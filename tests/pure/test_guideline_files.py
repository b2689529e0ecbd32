"""A guideline as one file: what is written reads back with the same hash, what is wrong is named by line and rule."""

import string
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from guidelines.content import content_sha256, parse_content
from guidelines.files import FileError, read_guideline_file, write_guideline_file
from guidelines.files.plain_yaml import read_plain_yaml, write_plain_yaml
from guidelines.files.reading import LARGEST_FILE_BYTES
from tests.factories.guidelines import INTENT

EVERYTHING = INTENT | {
    "examples": [
        {"key": "E1", "kind": "edge", "text": "Late\n  parcel \n", "answer": {"intent": "refund"}, "clause": "C3"},
        {"key": "E2", "kind": "positive", "payload": {"a": [1, 2.5, None, True, "1e5", "yes", ""], "": {}}},
    ]
}
HARD_TEXTS = [
    "yes", "no", "null", "~", "1", "1.0", "1e5", "0x1f", "1_000", "12:30", "2026-11-25", "=", "<<", "*a", "&a", "!a",
    "- a", "a: b", "# a", "a #b", "'", '"', "\\", "%", "@", "`", "|", ">", "[", "{", " a", "a ", "a\n", "\na", "a\n\n",
    "a \nb", "a\tb", "\ta\nb", "a\r\nb", "a\x85b", "a\u2028b\nc", "\ufeffa", "\U0001f600\nx", "a\x07",
    "---", "...", "a\n---\nb", "\n", "",
]  # fmt: skip
some_text = st.one_of(
    st.sampled_from(HARD_TEXTS), st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=40)
)
json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**53), 2**53), some_text,
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(some_text, inner, max_size=4),
    max_leaves=20,
)  # fmt: skip
one_line = st.text(string.ascii_letters + " äß漢#:-'\"[]{}&*!|>%@`1234.", min_size=1, max_size=30).filter(str.strip)


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(st.integers(0, 4))
    clauses = [
        {
            "key": f"C{at}", "title": draw(one_line), "body": draw(some_text),
            "parent": draw(st.sampled_from([None, *(f"C{above}" for above in range(at))])),
        }
        for at in range(count)
    ]  # fmt: skip
    options = [
        {"key": key, "label": f"{key} label", "definition": draw(some_text), "use_when": draw(some_text)}
        for key in draw(st.lists(st.sampled_from(["yes", "1", "null", "1e5", "no"]), min_size=1, unique=True))
    ]
    questions = [{"key": "q", "type": "choice", "title": draw(one_line), "help": draw(some_text), "options": options}]
    examples = [
        {"key": "E1", "kind": "edge", "payload": draw(st.dictionaries(some_text, json_values, max_size=3))},
        {"key": "E2", "kind": "negative", "text": "t" + draw(some_text), "rationale": draw(some_text)},
    ]
    return {"clauses": clauses, "questions": questions, "examples": examples}


def file_of(raw: dict[str, Any], **said: str) -> str:
    return write_guideline_file(parse_content(raw), **({"title": "Support", "note": "", "about": "Draft"} | said))


def refused(text: str | bytes) -> list[tuple[str, str, str]]:
    with pytest.raises(FileError) as caught:
        read_guideline_file(text if isinstance(text, bytes) else text.encode())
    return [(problem.path, problem.code, problem.detail.partition(":")[0]) for problem in caught.value.errors]


@settings(max_examples=150, deadline=None)
@given(contents(), some_text)
def test_what_is_written_reads_back_with_the_same_hash(raw: dict[str, Any], note: str) -> None:
    content = parse_content(raw)
    text = write_guideline_file(content, title="Support", note=note, about="Draft")

    read = read_guideline_file(text.encode())

    assert content_sha256(read.content) == content_sha256(content)
    assert (read.content, read.note) == (content, note)
    assert write_guideline_file(read.content, title=read.title, note=read.note, about="Draft") == text


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(some_text, json_values, max_size=4))
def test_every_json_value_reads_back_and_other_readers_see_the_same_texts(value: dict[str, Any]) -> None:
    text = write_plain_yaml(value)

    assert read_plain_yaml(text).value == value
    assert read_plain_yaml(text.replace("\n", "\r\n")).value == value  # as a form on a page sends it


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_a_text_is_a_text_for_every_reader(text: str) -> None:
    assert yaml.safe_load(write_plain_yaml({"a": text})) == {"a": text}


def test_a_file_is_read_as_it_is_written_by_hand() -> None:
    text = file_of(EVERYTHING, about="Version 2.1")

    assert text.startswith(
        "# Version 2.1\nformat: concord-guideline/1\ntitle: Support\nchange_note: ''\nclauses:\n- key: C1\n"
    )
    by_hand = text.replace("body: A wrong amount", "body: |\n    First line.\n\n    A wrong amount")
    assert read_guideline_file(by_hand.encode()).content.clauses[1].body.startswith("First line.\n\nA wrong amount")


def test_long_texts_stand_line_by_line_so_that_files_compare() -> None:
    raw = INTENT | {"clauses": [{"key": "C1", "title": "T", "body": "One.\n\n- two\n- three\n"}, INTENT["clauses"][1]]}

    assert "  body: |\n    One.\n\n    - two\n    - three\n" in file_of(raw)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("title: Refund or billing error", "title: ''", ("clauses[1].title", "required", "line 11")),
        ("key: C3", "key: c1", ("clauses[1].key", "duplicate", "line 10")),
        ("- C3", "- C9", ("questions[0].options[0].clauses[0]", "unknown_clause", "line 25")),
        ("type: choice", "type: guess", ("questions[0].type", "unknown_type", "line 16")),
        ("parent: null\n- key: C3", "parent: C1\n- key: C3", ("clauses[0].parent", "cycle", "line 9")),
        ("format: concord-guideline/1", "format: other", ("format", "unknown_format", "line 2")),
        ("examples:", "exmples:", ("exmples", "unknown_key", "line 42")),
        ("required: true", "required: yes", ("questions[0].required", "not_a_boolean", "line 18")),
    ],
)
def test_a_broken_rule_is_named_with_its_line(old: str, new: str, problem: tuple[str, str, str]) -> None:
    text = file_of(INTENT)
    assert old in text

    assert problem in refused(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "empty", "line 1"),
        ("# nothing\n", "empty", "line 1"),
        ("just words", "not_an_object", "line 1"),
        ("- a", "not_an_object", "line 1"),
        ("format: x\ntitle: [", "bad_yaml", "line 2"),
        ("format: x\n\ttitle: a", "bad_yaml", "line 2"),
        ("a: 1\nb: &x 1", "reference", "line 2"),
        ("a: &x 1\nb: *x", "reference", "line 1"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]", "tag", "line 2"),
        ("a: !!binary aGk=", "tag", "line 1"),
        ("a: 1\na: 2", "duplicate_key", "line 2"),
        ("a: 1\n---\nb: 2", "documents", "line 2"),
        ("? [a]\n: b", "key_not_text", "line 1"),
        ("a: 99999999999999999", "integer_out_of_range", "line 1"),
        ("a: 1e999", "not_finite", "line 1"),
        ("a: " + "[" * 70 + "]" * 70, "too_deep", "line 1"),
        ("a: " + "[" * 100_000, "too_deep", "line 1"),
        ('a: "\\0"', "control_character", "line 1"),
        ("a: 1\nb: \x01", "control_character", "line 2"),
        (b"a: 1\nb: \xff", "not_utf8", "line 2"),
        ("#" * (LARGEST_FILE_BYTES + 1), "too_large", "line 1"),
    ],
)
def test_what_is_no_plain_file_is_refused_with_its_line(text: str | bytes, code: str, line: str) -> None:
    assert refused(text) == [("", code, line)]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text("a:- \n[]{}&*!|>'\"#,?1\t%@~", max_size=80).map(str.encode))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with pytest.raises(FileError):
        read_guideline_file(data)
