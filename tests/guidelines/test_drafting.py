"""What surrounds a draft: comments that outlive their part, two leads at once, splits taken back, images."""

import hashlib
import struct
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from accounts.errors import InvalidInput, NotFound
from accounts.models import User
from guidelines.image_headers import ImageHeader, read_image_header
from guidelines.models import DraftComment, DraftEditor, Guideline, GuidelineDraft, GuidelineImage, PartChange
from guidelines.parts import clause_tree, find_part, part_digest, parts_of
from guidelines.selectors.comments import open_comments, threads_of, threads_on
from guidelines.selectors.images import image_for, images_of
from guidelines.selectors.presence import presence_at
from guidelines.services import images
from guidelines.services.comments import add_comment, reopen_comment, reply_to_comment, resolve_comment
from guidelines.services.editing import create_guideline, save_draft
from guidelines.services.grants import grant_access
from guidelines.services.images import TooManyImages, add_image
from guidelines.services.parts import PartChanged, add_part, nest_clause, remove_part, save_part
from guidelines.services.presence import mark_all_seen, note_editor
from guidelines.services.splitting import split_part, undo_split
from tests.concurrency.racing import race
from tests.factories.guidelines import INTENT

LONG = "Refund first.\n\n## Wrong amount\n\nThat is billing.\n\n- one\n- two\n\nLast words, `# no heading`.\n"


@pytest.fixture
def guide(lea: User) -> Guideline:
    guideline = create_guideline(actor=lea, slug="guide", title="Guide")
    save_draft(actor=lea, guideline=guideline, content=INTENT, change_note="", revision=1)
    return guideline


def content(guideline: Guideline) -> dict[str, Any]:
    return GuidelineDraft.objects.get(guideline=guideline).content


def clause(guideline: Guideline, key: str) -> dict[str, Any]:
    found = find_part(content(guideline), "clause", key)
    assert found is not None
    return found


def write(guideline: Guideline, actor: User, key: str, **fields: Any) -> None:
    now = clause(guideline, key)
    save_part(actor=actor, guideline=guideline, kind="clause", part=now | fields, base=part_digest(now))


def tree(guideline: Guideline) -> list[tuple[str, int]]:
    return [(placed.clause["key"], placed.depth) for placed in clause_tree(parts_of(content(guideline), "clause"))]


# --- comments --------------------------------------------------------------------------------------------------
def test_a_thread_is_made_answered_resolved_and_opened_again(guide: Guideline, lea: User, olga: User) -> None:
    first = add_comment(actor=olga, guideline=guide, text=" Too strict? ", kind="clause", key="C1")
    answer = reply_to_comment(actor=lea, guideline=guide, comment_id=first.pk, text="No.")
    flat = reply_to_comment(actor=olga, guideline=guide, comment_id=answer.pk, text="Fine.")

    (thread,) = threads_on(guide, "clause", "C1")
    assert (thread.first.text, [reply.text for reply in thread.replies]) == ("Too strict?", ["No.", "Fine."])
    assert (flat.answers_id, flat.key) == (first.pk, "C1")
    assert open_comments(guide).count() == 1
    resolve_comment(actor=lea, guideline=guide, comment_id=flat.pk)
    resolve_comment(actor=olga, guideline=guide, comment_id=first.pk)
    assert threads_of(guide)[0].first.resolved_by == lea
    assert not open_comments(guide).exists()
    reopen_comment(guideline=guide, comment_id=first.pk)
    assert open_comments(guide).count() == 1


def test_a_comment_on_a_removed_part_stays_and_can_be_answered(guide: Guideline, lea: User) -> None:
    first = add_comment(actor=lea, guideline=guide, text="Keep it", kind="clause", key="C3")
    base = part_digest(clause(guide, "C3"))
    remove_part(actor=lea, guideline=guide, kind="clause", key="C3", base=base)

    reply_to_comment(actor=lea, guideline=guide, comment_id=first.pk, text="Gone")
    add_comment(actor=lea, guideline=guide, text="Bring it back", kind="clause", key="C3")

    assert [len(thread.replies) for thread in threads_on(guide, "clause", "C3")] == [1, 0]


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"text": "  "}, "text", "required"),
        ({"text": "x" * 5001}, "text", "too_long"),
        ({"text": "a\x00"}, "text", "not_text"),
        ({"text": None}, "text", "not_text"),
        ({"text": "x", "kind": "clause", "key": "C9"}, "key", "unknown_part"),
        ({"text": "x", "kind": "poem", "key": "C1"}, "key", "unknown_part"),
        ({"text": "x", "kind": "clause", "key": "C1\x00"}, "key", "unknown_part"),
        ({"text": "x", "kind": "clause"}, "key", "unknown_part"),
    ],
)
def test_what_is_no_comment_is_refused(
    guide: Guideline, lea: User, fields: dict[str, Any], path: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        add_comment(actor=lea, guideline=guide, **fields)

    assert [(error.path, error.code) for error in refused.value.errors] == [(path, code)]
    assert not DraftComment.objects.exists()


def test_a_comment_of_another_guideline_is_not_there(guide: Guideline, lea: User) -> None:
    other = create_guideline(actor=lea, slug="other", title="Other")
    first = add_comment(actor=lea, guideline=guide, text="Here")

    with pytest.raises(NotFound):
        reply_to_comment(actor=lea, guideline=other, comment_id=first.pk, text="There")
    with pytest.raises(NotFound):
        resolve_comment(actor=lea, guideline=other, comment_id=first.pk)


@pytest.mark.parametrize(
    "fields", [{"kind": "clause"}, {"kind": "poem", "key": "C1"}, {"text": ""}, {"resolved_at": "2026-01-01T00:00Z"}]
)
def test_the_database_refuses_half_a_comment(guide: Guideline, lea: User, fields: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        DraftComment.objects.create(**{"guideline": guide, "author": lea, "text": "x"} | fields)


# --- two leads -------------------------------------------------------------------------------------------------
def test_each_sees_where_the_other_is_and_what_they_changed_since_one_looked(
    guide: Guideline, lea: User, olga: User
) -> None:
    note_editor(actor=lea, guideline=guide)
    note_editor(actor=olga, guideline=guide, kind="clause", key="C3", looks=True)
    write(guide, olga, "C3", body="Hers")
    write(guide, lea, "C1", body="Mine")

    seen = presence_at(guide, lea)

    assert [(other.user, other.key) for other in seen.others] == [(olga, "C3")]
    assert {key: change.by for (_, key), change in (seen.changes or {}).items()} == {"C3": olga}
    assert set(presence_at(guide, olga).changes or {}) == {("clause", "C1")}
    note_editor(actor=lea, guideline=guide, kind="clause", key="C3", looks=True)
    assert not presence_at(guide, lea).changes
    write(guide, olga, "C3", body="Hers again")
    assert set(presence_at(guide, lea).changes or {}) == {("clause", "C3")}
    mark_all_seen(actor=lea, guideline=guide, revision=GuidelineDraft.objects.get(guideline=guide).revision)
    assert not presence_at(guide, lea).changes


def test_a_look_that_only_says_where_one_is_does_not_count_as_having_read(
    guide: Guideline, lea: User, olga: User
) -> None:
    note_editor(actor=lea, guideline=guide, kind="clause", key="C1", looks=True)
    write(guide, olga, "C1", body="Hers")

    note_editor(actor=lea, guideline=guide, kind="clause", key="C1")

    assert set(presence_at(guide, lea).changes or {}) == {("clause", "C1")}


def test_who_left_is_not_shown_and_what_was_removed_is(guide: Guideline, lea: User, olga: User) -> None:
    note_editor(actor=lea, guideline=guide)
    note_editor(actor=olga, guideline=guide)
    remove_part(actor=olga, guideline=guide, kind="clause", key="C1", base=part_digest(clause(guide, "C1")))
    DraftEditor.objects.filter(user=olga).update(seen_at="2026-01-01T00:00Z")

    seen = presence_at(guide, lea)

    assert seen.others == ()
    assert set(seen.changes or {}) == {("clause", "C1")}


@pytest.mark.django_db(transaction=True)
def test_two_who_edit_different_clauses_at_once_lose_nothing(guide: Guideline, lea: User, olga: User) -> None:
    def edit(actor: User, key: str) -> None:
        note_editor(actor=actor, guideline=guide, kind="clause", key=key, looks=True)
        for step in range(10):
            write(guide, actor, key, body=f"{key} {step}")

    results = race([lambda: edit(lea, "C1"), lambda: edit(olga, "C3")])

    assert results == [None, None]
    assert [clause(guide, key)["body"] for key in ("C1", "C3")] == ["C1 9", "C3 9"]
    assert GuidelineDraft.objects.get(guideline=guide).revision == 22
    assert {change.key: change.by for change in PartChange.objects.filter(revision__gt=2)} == {"C1": lea, "C3": olga}


@pytest.mark.django_db(transaction=True)
def test_of_two_on_one_clause_at_once_one_is_stored_and_the_other_is_told(
    guide: Guideline, lea: User, olga: User
) -> None:
    before = clause(guide, "C1")

    def edit(actor: User) -> GuidelineDraft:
        part = before | {"body": f"by {actor.username}"}
        return save_part(actor=actor, guideline=guide, kind="clause", part=part, base=part_digest(before))

    results = race([lambda: edit(lea), lambda: edit(olga)])

    (refusal,) = [result for result in results if isinstance(result, PartChanged)]
    assert refusal.theirs == clause(guide, "C1")
    assert clause(guide, "C1")["body"] in {"by lea", "by olga"}


@pytest.mark.django_db(transaction=True)
def test_two_first_looks_at_once_make_one_place(guide: Guideline, lea: User) -> None:
    race([lambda: note_editor(actor=lea, guideline=guide) for _ in range(4)])

    assert DraftEditor.objects.filter(user=lea).count() == 1


# --- tree ------------------------------------------------------------------------------------------------------
def test_clauses_are_nested_and_taken_out_again_by_steps(guide: Guideline, lea: User) -> None:
    add_part(actor=lea, guideline=guide, kind="clause", part={"key": "C4", "title": "D", "body": "", "parent": None})

    nest_clause(actor=lea, guideline=guide, key="C1", step=1)
    assert tree(guide) == [("C1", 0), ("C3", 0), ("C4", 0)]  # nothing stands before it
    nest_clause(actor=lea, guideline=guide, key="C3", step=1)
    nest_clause(actor=lea, guideline=guide, key="C4", step=1)
    nest_clause(actor=lea, guideline=guide, key="C4", step=1)
    assert tree(guide) == [("C1", 0), ("C3", 1), ("C4", 2)]
    nest_clause(actor=lea, guideline=guide, key="C3", step=-1)
    assert tree(guide) == [("C1", 0), ("C3", 0), ("C4", 1)]
    nest_clause(actor=lea, guideline=guide, key="C3", step=-1)
    assert tree(guide) == [("C1", 0), ("C3", 0), ("C4", 1)]
    with pytest.raises(NotFound):
        nest_clause(actor=lea, guideline=guide, key="C9", step=1)


# --- split -----------------------------------------------------------------------------------------------------
def split(guide: Guideline, actor: User, line: int) -> Any:
    write(guide, actor, "C3", body=LONG)
    return split_part(actor=actor, guideline=guide, key="C3", line=line, base=part_digest(clause(guide, "C3")))


def test_a_clause_is_split_at_a_heading_and_citations_stay_with_the_first(guide: Guideline, lea: User) -> None:
    done = split(guide, lea, 2)

    assert done.new_key == "C4"
    assert clause(guide, "C3")["body"] == "Refund first."
    assert clause(guide, "C4")["title"] == "Wrong amount"
    assert clause(guide, "C4")["body"].startswith("That is billing.\n\n- one")
    assert tree(guide) == [("C1", 0), ("C3", 0), ("C4", 0)]
    cited = [option.get("clauses") for option in content(guide)["questions"][0]["options"]]
    assert cited[:2] == [["C3"], ["C3"]]


def test_a_clause_is_split_at_a_paragraph_whose_words_become_the_title(guide: Guideline, lea: User) -> None:
    split(guide, lea, 9)

    assert clause(guide, "C4")["title"] == "Last words, `# no heading`."
    assert clause(guide, "C4")["body"] == "Last words, `# no heading`."


@pytest.mark.parametrize("line", [0, 1, 7, 99])
def test_a_clause_is_not_split_inside_a_block(guide: Guideline, lea: User, line: int) -> None:
    with pytest.raises(InvalidInput):
        split(guide, lea, line)

    assert clause(guide, "C3")["body"] == LONG


def test_a_split_is_taken_back_exactly(guide: Guideline, lea: User) -> None:
    write(guide, lea, "C3", body=LONG)
    before = content(guide)
    done = split(guide, lea, 4)

    undo_split(actor=lea, guideline=guide, split=done)

    assert content(guide) == before


def test_a_split_whose_halves_were_worked_on_is_not_taken_back(guide: Guideline, lea: User, olga: User) -> None:
    done = split(guide, lea, 2)
    write(guide, olga, "C4", body="Hers")

    with pytest.raises(PartChanged):
        undo_split(actor=lea, guideline=guide, split=done)

    assert clause(guide, "C4")["body"] == "Hers"


def test_a_split_whose_new_half_is_cited_is_not_taken_back(guide: Guideline, lea: User) -> None:
    done = split(guide, lea, 2)
    example = {"key": "E1", "kind": "edge", "text": "x", "clause": "C4"}
    add_part(actor=lea, guideline=guide, kind="example", part=example)

    with pytest.raises(PartChanged):
        undo_split(actor=lea, guideline=guide, split=done)

    assert find_part(content(guide), "example", "E1") == example


def test_a_clause_that_changed_meanwhile_is_not_split(guide: Guideline, lea: User) -> None:
    write(guide, lea, "C3", body=LONG)
    with pytest.raises(PartChanged):
        split_part(actor=lea, guideline=guide, key="C3", line=2, base="0" * 16)


# --- images ----------------------------------------------------------------------------------------------------
def png(width: int = 3, height: int = 2, tail: bytes = b"") -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\0\0\0" + tail


def jpeg(width: int, height: int) -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3)
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"JF" + b"\xff\xc4\x00\x02" + frame + b"\0" * 10


WEBP = b"RIFF\x00\x00\x00\x00WEBP"


@pytest.mark.parametrize(
    ("data", "header"),
    [
        (png(), ("image/png", 3, 2)),
        (b"GIF89a" + struct.pack("<HH", 5, 4), ("image/gif", 5, 4)),
        (jpeg(640, 480), ("image/jpeg", 640, 480)),
        (WEBP + b"VP8X\0\0\0\0\0\0\0\0" + b"\x09\0\0" + b"\x04\0\0", ("image/webp", 10, 5)),
        (WEBP + b"VP8L\0\0\0\0\x2f" + struct.pack("<I", 9 | 4 << 14), ("image/webp", 10, 5)),
        (WEBP + b"VP8 \0\0\0\0\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 10, 5), ("image/webp", 10, 5)),
    ],
)
def test_an_image_is_what_its_bytes_say(data: bytes, header: tuple[str, int, int]) -> None:
    assert read_image_header(data) == ImageHeader(*header)
    for length in range(len(data) - 20):
        assert read_image_header(data[:length]) is None or length > 20


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_an_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "not_an_image"),
        (b"<html><script>alert(1)</script>", "not_an_image"),
        (b"\x89PNG\r\n\x1a\n", "not_an_image"),
        (b"\xff\xd8\xff\xff\xff", "not_an_image"),
        (b"\xff\xd8\xff\xe0\x00\x00", "not_an_image"),
        (png(0, 5), "not_an_image"),
        (png(10_001, 1), "too_many_pixels"),
        (png(9_000, 9_000), "too_many_pixels"),
        (png(tail=b"\0" * images.LARGEST_BYTES), "too_large"),
    ],
)
def test_what_is_no_image_or_too_large_is_refused(guide: Guideline, lea: User, data: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        add_image(actor=lea, guideline=guide, data=data, name="x.png")

    assert [(error.path, error.code) for error in refused.value.errors] == [("file", code)]
    assert not GuidelineImage.objects.exists()


def test_an_image_is_kept_once_read_by_readers_and_never_changed(
    guide: Guideline, lea: User, ana: User, eve: User
) -> None:
    kept = add_image(actor=lea, guideline=guide, data=png(), name="a\x00b\u202e.png")
    again = add_image(actor=lea, guideline=guide, data=png(), name="c.png")
    grant_access(guideline=guide, user=ana, level="read", source="project:x")

    assert (kept.pk, kept.name, kept.sha256) == (again.pk, "ab.png", hashlib.sha256(png()).hexdigest())
    assert bytes(image_for(ana, kept.sha256).data) == png()
    with pytest.raises(NotFound):
        image_for(eve, kept.sha256)
    for change in (lambda: images_of(guide).update(name="x"), lambda: images_of(guide).delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_guideline_keeps_so_many_images(guide: Guideline, lea: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_IMAGES", 1)
    add_image(actor=lea, guideline=guide, data=png(), name="a.png")

    with pytest.raises(TooManyImages):
        add_image(actor=lea, guideline=guide, data=png(4, 4), name="b.png")
    assert add_image(actor=lea, guideline=guide, data=png(), name="a.png").name == "a.png"
