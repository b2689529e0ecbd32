"""Search in a guideline: what is found, in which order, and where it is marked."""

import time
from typing import Any

import pytest

from guidelines.passages import passages_of, precedents_of
from guidelines.searching import LONGEST_QUERY, MOST_HITS, SNIPPET, Hit, index_of, search

CONTENT: dict[str, Any] = {
    "clauses": [
        {"key": "C1", "title": "Read the whole message", "body": "A **refund** is money back. Straße, café, naïve."},
        {"key": "C3", "title": "Refund or billing error", "body": "| a | b |\n|---|---|\n| wrong | amount |"},
        {"key": "C4", "title": "رسالة", "body": "هذه رِسَالَة عن استرداد المال"},
    ],
    "questions": [
        {
            "key": "intent", "type": "choice", "title": "What is wanted?", "help": "One thing only.",
            "options": [
                {"key": "refund", "label": "Refund", "use_when": "money back is asked for", "clauses": ["C3"]},
                {"key": "other", "label": "Other", "avoid_when": "a prerefund form is named"},
            ],
        }
    ],
    "examples": [
        {"key": "E1", "kind": "edge", "text": "I was charged twice", "rationale": "A billing error.", "clause": "C3"},
        {"key": "E2", "kind": "edge", "payload": {"post": "my voucher", "turns": ["is gone"]}, "rationale": ""},
    ],
    "precedents": [{"key": "P1", "clause": "C3", "question": "Voucher?", "ruling": "A voucher is a *refund*."}],
}  # fmt: skip


def found(query: str, content: dict[str, Any] = CONTENT) -> list[Hit]:
    return search(index_of(passages_of(content)), query)


def keys(query: str) -> list[str]:
    return [hit.passage.key for hit in found(query)]


def marked(hit: Hit) -> list[str]:
    return [piece.text for piece in (*hit.heading, *hit.snippet) if piece.is_match]


def test_it_looks_through_clauses_options_questions_examples_and_precedents() -> None:
    assert keys("amount") == ["C3"]
    assert keys("asked for") == ["refund"]
    assert keys("one thing") == ["intent"]
    assert keys("charged") == ["E1"]
    assert keys("voucher gone") == ["E2"]
    assert [hit.passage.anchor for hit in found("ruled voucher a refund")] == []
    assert [(hit.passage.anchor, hit.passage.clauses) for hit in found("voucher refund")] == [("precedent-P1", ("C3",))]


def test_headings_come_before_texts_and_beginnings_before_middles() -> None:
    assert keys("refund") == ["refund", "C3", "C1", "P1", "other"]  # the option of that very name first


def test_a_key_alone_comes_first() -> None:
    assert keys("c1")[0] == "C1"
    assert keys("C3") == ["C3"]


def test_words_that_follow_each_other_count_more() -> None:
    content = {"clauses": [
        {"key": "C1", "title": "A", "body": "error of the billing"},
        {"key": "C2", "title": "B", "body": "a billing error"},
    ]}  # fmt: skip

    assert [hit.passage.key for hit in found("billing error", content)] == ["C2", "C1"]


def test_every_word_must_occur() -> None:
    assert keys("refund zebra") == []


@pytest.mark.parametrize("query", ["CAFE", "café", "cafe\u0301", "Cafe\u200b"])
def test_case_accents_and_invisible_marks_do_not_count(query: str) -> None:
    (hit,) = found(query)

    assert marked(hit) == ["café"]


def test_what_is_marked_is_the_text_as_it_is_written() -> None:
    assert marked(found("strasse")[0]) == ["Straße"]
    assert marked(found("NAIVE")[0]) == ["naïve"]


def test_arabic_is_found_without_its_vowel_signs() -> None:
    (hit,) = found("رسالة")

    assert hit.passage.key == "C4"
    assert marked(hit) == ["رسالة", "رِسَالَة"]


def test_markdown_is_searched_as_it_reads() -> None:
    assert keys("|---|") == []
    assert keys("**refund**") == []
    assert marked(found("refund back strasse")[0]) == ["refund", "back", "Straße"]


def test_markup_stays_text_in_pieces() -> None:
    evil = "<script>alert(1)</script> & <b>refund</b>"
    content = {"clauses": [{"key": "C1", "title": evil, "body": evil}]}

    (hit,) = found("script", content)

    assert "".join(piece.text for piece in hit.heading) == evil
    assert "<script>alert(1)</script> & <b>refund</b>" in "".join(piece.text for piece in hit.snippet)


def test_a_snippet_is_short_and_holds_the_place() -> None:
    body = "lorem ipsum " * 400 + "needle " + "dolor sit " * 400
    (hit,) = found("needle", {"clauses": [{"key": "C1", "title": "Long", "body": body}]})

    text = "".join(piece.text for piece in hit.snippet)
    assert (text[:2], text[-2:]) == ("… ", " …")
    assert len(text) <= SNIPPET + 4
    assert marked(hit) == ["needle"]


@pytest.mark.parametrize("query", ["", " ", "\u200b", "\x00", "." * 5000, "\u202e", "(((", "a" * LONGEST_QUERY * 2])
def test_odd_queries_find_nothing_and_break_nothing(query: str) -> None:
    assert found(query) == []


def test_the_list_has_an_end() -> None:
    content = {"clauses": [{"key": f"C{n}", "title": "Refund", "body": ""} for n in range(200)]}

    hits = found("refund", content)

    assert [hit.passage.key for hit in hits] == [f"C{n}" for n in range(MOST_HITS)]


def test_a_guideline_of_a_thousand_clauses_is_searched_in_a_moment() -> None:
    body = "The customer asks for money back, and café owners do too. " * 30
    content = {"clauses": [{"key": f"C{n}", "title": f"Clause {n}", "body": body} for n in range(1000)]}
    index = index_of(passages_of(content))

    begin = time.perf_counter()
    hits = search(index, "customer money cafe")

    assert len(hits) == MOST_HITS
    assert time.perf_counter() - begin < 1.0


def test_content_written_before_there_were_precedents_has_none() -> None:
    assert precedents_of({"clauses": []}) == ()
    assert (
        precedents_of({"precedents": [{"key": "P1", "clause": "C1", "question": "q", "ruling": None}]})[0].ruling == ""
    )
