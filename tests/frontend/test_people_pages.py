"""Who is in a project: adding, changing, pausing, resuming, removing, and who may do it."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, User
from annotation.models import Assignment, Member, Project
from annotation.services.queue import claim_next
from guidelines.models import GuidelineGrant
from tests.factories.accounts import make_user
from tests.factories.annotation import make_item, make_member, make_project, make_task
from tests.factories.quality import make_labels
from tests.frontend.hostile import HOSTILE, raw_markup
from tests.frontend.pages import browser_of

MemberOf = Callable[[User], Member]


def url(project: Project, name: str = "people", *args: int) -> str:
    return reverse(name, args=[project.slug, *args])


def test_the_list_says_role_cohorts_labels_and_last_activity(lea: User, project: Project) -> None:
    make_labels(project, [("i1", "a001", "refund"), ("i2", "a001", "refund")])
    Member.objects.filter(name="a001").update(cohorts={"site": "Lisbon"})

    answer = browser_of(lea).get(url(project))

    rows = {member.name: activity for member, activity, *_ in answer.context["rows"]}
    assert set(rows) == {"lea", "max", "adi", "ana", "ben", "a001"}
    assert (rows["a001"].n_labels, rows["lea"].n_labels, rows["lea"].last_label_at) == (2, 0, None)
    assert rows["a001"].last_label_at is not None
    html = answer.content.decode()
    assert "cannot sign in" in html
    assert "Lisbon" in html


def test_queries_do_not_grow_with_people(
    lea: User, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = browser_of(lea)
    browser.get(url(project))
    with django_assert_num_queries(8) as few:
        browser.get(url(project))
    make_labels(project, [(f"i{n}", f"p{n}", "refund") for n in range(40)])
    with django_assert_num_queries(len(few.captured_queries)):
        assert len(browser.get(url(project)).context["rows"]) == 45


@pytest.mark.parametrize("who", ["cho", "cho@example.org", "CHO@example.org"])
def test_somebody_is_added_by_username_or_mail(lea: User, cho: User, project: Project, who: str) -> None:
    answer = browser_of(lea).post(
        url(project, "person-new"), {"who": who, "role": "annotator", "cohorts": "site: Seoul\nshift: night: late\n"}
    )

    member = Member.objects.get(project=project, user=cho)
    assert answer.status_code == 302
    assert (member.role, member.cohorts) == ("annotator", {"site": "Seoul", "shift": "night: late"})
    assert GuidelineGrant.objects.filter(user=cho, guideline=project.guideline, level="read").exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"who": "nobody"}, "who"),
        ({"who": "nobody@example.org"}, "who"),
        ({"who": "ana"}, "who"),
        ({"who": ""}, "who"),
        ({"who": "a\x00b"}, "who"),
        ({"role": "emperor"}, "role"),
        ({"role": "owner"}, "role"),
        ({"cohorts": "no colon"}, "cohorts"),
        ({"cohorts": "a: 1\na: 2"}, "cohorts"),
        ({"cohorts": "a: " + "x" * 300}, "cohorts"),
        ({"cohorts": "\n".join(f"k{n}: v" for n in range(60))}, "cohorts"),
    ],
)
def test_what_is_wrong_with_somebody_new_stands_beside_its_field(
    lea: User, cho: User, project: Project, change: dict[str, str], field: str
) -> None:
    answer = browser_of(lea).post(url(project, "person-new"), {"who": "cho", "role": "annotator"} | change)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Member.objects.filter(project=project).count() == 5


def test_a_role_is_changed_with_its_rights_and_the_change_is_recorded(
    lea: User, ben: User, project: Project, member_of: MemberOf
) -> None:
    member = member_of(ben)

    answer = browser_of(lea).post(url(project, "person", member.pk), {"role": "engineer", "cohorts": "site: Lisbon"})

    member.refresh_from_db()
    assert answer.status_code == 302
    assert (member.role, member.cohorts) == ("engineer", {"site": "Lisbon"})
    assert AuditEvent.objects.filter(action="member.changed", target="ben").count() == 1


def test_a_pause_gives_back_what_is_held_and_says_why(
    lea: User, ana: User, project: Project, member_of: MemberOf
) -> None:
    make_task(make_item(project, "i1"))
    member, browser = member_of(ana), browser_of(lea)
    claim_next(annotator=member)

    browser.post(url(project, "person-pause", member.pk), {"paused": "true", "pause_reason": "Until Monday"})
    member.refresh_from_db()
    listed = browser.get(url(project)).content.decode()
    held = Assignment.objects.filter(state="leased").count()
    browser.post(url(project, "person-pause", member.pk), {"paused": "false"})
    paused_at, member = member.paused_at, member_of(ana)

    assert paused_at is not None
    assert "Until Monday" in listed
    assert held == 0
    assert (member.paused_at, member.pause_reason) == (None, "")


def test_a_reason_that_is_too_long_is_refused_beside_its_field(
    lea: User, ana: User, project: Project, member_of: MemberOf
) -> None:
    answer = browser_of(lea).post(
        url(project, "person-pause", member_of(ana).pk), {"paused": "true", "pause_reason": "x" * 301}
    )

    assert answer.status_code == 422
    assert list(answer.context["pause_form"].errors) == ["pause_reason"]
    assert member_of(ana).paused_at is None


def test_who_is_removed_is_listed_as_left_and_can_be_added_again(
    lea: User, ana: User, project: Project, member_of: MemberOf
) -> None:
    member, browser = member_of(ana), browser_of(lea)

    browser.post(url(project, "person-remove", member.pk))
    listed = [row[0].name for row in browser.get(url(project)).context["rows"]]
    left = [row[0].name for row in browser.get(url(project), {"left": "1"}).context["rows"]]
    gone = browser_of(ana).get(url(project, "workbench")).status_code
    browser.post(url(project, "person-new"), {"who": "ana", "role": "annotator"})

    assert "ana" not in listed
    assert (left, gone) == (["ana"], 404)
    assert member_of(ana).is_active


def test_an_owner_is_changed_by_owners_only(lea: User, olga: User, project: Project, member_of: MemberOf) -> None:
    make_member(project, olga, "owner")
    member = member_of(olga)

    changed = browser_of(lea).post(url(project, "person", member.pk), {"role": "annotator"})
    removed = browser_of(lea).post(url(project, "person-remove", member.pk), follow=True)

    assert changed.status_code == 422
    assert "for owners to decide" in changed.content.decode()
    assert "for owners to decide" in removed.content.decode()
    assert (member_of(olga).role, member_of(olga).is_active) == ("owner", True)
    assert browser_of(olga).post(url(project, "person", member.pk), {"role": "lead"}).status_code == 302


@pytest.mark.parametrize(("user", "expected"), [("max_", 403), ("adi", 403), ("ana", 403), ("eve", 404)])
def test_people_are_for_leads_and_others_change_nothing(
    request: pytest.FixtureRequest, ben: User, project: Project, member_of: MemberOf, user: str, expected: int
) -> None:
    browser, member = browser_of(request.getfixturevalue(user)), member_of(ben)
    before = list(Member.objects.order_by("pk").values())

    answers = [
        browser.get(url(project)),
        browser.post(url(project, "person-new"), {"who": "eve", "role": "lead"}),
        browser.post(url(project, "person", member.pk), {"role": "lead"}),
        browser.post(url(project, "person-pause", member.pk), {"paused": "true"}),
        browser.post(url(project, "person-remove", member.pk)),
    ]

    assert [answer.status_code for answer in answers] == [expected] * 5
    assert list(Member.objects.order_by("pk").values()) == before


def test_members_of_another_project_are_not_there(lea: User, eve: User, project: Project) -> None:
    other = make_project(eve, project.guideline, slug="other")
    theirs, browser = Member.objects.get(project=other), browser_of(lea)

    answers = [browser.get(url(project, "person", theirs.pk))]
    answers += [browser.post(url(project, name, theirs.pk)) for name in ("person", "person-pause", "person-remove")]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert Member.objects.get(pk=theirs.pk).is_active


def test_names_cohorts_and_reasons_are_text(lea: User, project: Project) -> None:
    browser = browser_of(lea)
    for number, evil in enumerate(HOSTILE):
        user = make_user(f"u{number}")
        User.objects.filter(pk=user.pk).update(name=evil[:150])
        member = make_member(project, user, name=evil[:150], cohorts={evil: evil}, pause_reason=evil[:300])
        Member.objects.filter(pk=member.pk).update(paused_at=project.created_at)
        assert raw_markup(browser.get(url(project, "person", member.pk)).content.decode()) == []

    assert raw_markup(browser.get(url(project)).content.decode()) == []
    assert len(browser.get(url(project)).context["rows"]) == 5 + len(HOSTILE)


def test_an_id_beyond_any_row_is_not_there(lea: User, project: Project) -> None:
    browser = browser_of(lea)
    pages = [url(project, "person", 10**30), url(project, "import-report", 10**30), url(project, "person", 2**63)]

    assert [browser.get(page).status_code for page in pages] == [404] * 3
