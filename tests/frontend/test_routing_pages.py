"""The pages of routing that leads set rules with: contracts, pairs, rules."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from annotation.models import Member, Project, Routing, SliceContract
from annotation.services.contracts import add_contract
from annotation.services.queue import claim_next
from annotation.services.routing_settings import routing_facts, update_routing
from annotation.services.submission import submit_annotation
from tests.factories.annotation import make_item, make_member, make_task
from tests.frontend.hostile import HOSTILE, raw_markup
from tests.frontend.pages import browser_of

GERMAN: dict[str, Any] = {"slice": {"language": "de"}, "target_labels": 4}
RULES = {
    "max_labels": "", "stop_percent": "95", "shared_per_pair": "", "gold_percent": "5", "gold_mode": "silent",
    "repeat_percent": "0", "gold_floor_percent": "", "gold_floor_least": "20", "max_per_day": "",
    "max_share_percent": "", "time_zone": "UTC", "prelabel_model": "", "prelabel_percent": "0",
}  # fmt: skip


def url(project: Project, name: str, *args: Any) -> str:
    return reverse(name, args=[project.slug, *args])


def errors(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 422
    return {name: list(found) for name, found in answer.context["form"].errors.items()}


# --- contracts


def test_contracts_are_shown_against_their_state_worst_first(project: Project, lea: User, ana: User) -> None:
    for n, language in enumerate(["de", "en", "en"]):
        make_task(make_item(project, f"m{n}", language=language))
    add_contract(actor=lea, project=project, terms=GERMAN | {"target_labels": 1})
    add_contract(actor=lea, project=project, terms=GERMAN | {"slice": {"language": "en"}, "lowest_alpha": 0.6})
    member = Member.objects.get(project=project, user=ana)
    task = claim_next(annotator=member)
    assert task is not None
    assert task.item.external_id == "m0"  # both slices have nothing: the lower number comes first
    submit_annotation(
        annotator=member, lease_id=task.lease.id, answer={"intent": "refund"}, submission_id=task.lease.id
    )  # fmt: skip

    answer = browser_of(lea).get(url(project, "contracts"))
    shown = answer.context["shown"]
    assert [(contract.slice, contract.is_kept) for contract in shown] == [
        ("language = en", False), ("language = de", True),
    ]  # fmt: skip
    assert shown[0].progress.text == "0 of 4"
    assert [(term.wanted, term.reached, term.mark) for term in shown[0].terms] == [
        ("at least 4", "0", "behind"), ("at least 0.60", "\u2013", "not known yet"),
    ]  # fmt: skip
    html = answer.content.decode()
    assert "1 of 2 contracts kept. language = en is furthest behind and is served first." in html
    assert f"{reverse('items', args=[project.slug])}?slice.language=en" in html


def test_a_contract_is_made_changed_and_ended_by_form(project: Project, lea: User) -> None:
    browser = browser_of(lea)
    assert "No slice is promised anything yet" in browser.get(url(project, "contracts")).content.decode()
    typed = {
        "slice_0": "de",
        "target_labels": "40",
        "overlap_percent": "25",
        "shared_labels": "3",
        "skills": "german, law",
    }
    assert browser.post(url(project, "contract-new"), typed).status_code == 302
    contract = SliceContract.objects.get()
    assert (contract.slice, contract.target_labels, contract.overlap_share) == ({"language": "de"}, 40, 0.25)
    assert contract.skills == ["german", "law"]

    form = browser.get(url(project, "contract", 1)).context["form"]
    assert {name: str(form[name].value()) for name in typed} == typed
    browser.post(url(project, "contract", 1), typed | {"target_labels": "", "skills": ""})
    contract.refresh_from_db()
    assert (contract.target_labels, contract.shared_labels, contract.skills) == (None, 3, [])

    assert browser.post(url(project, "contract-end", 1)).status_code == 302
    contract.refresh_from_db()
    assert not contract.is_active
    assert browser.get(url(project, "contract", 1)).status_code == 404


def test_a_refused_term_is_named_beside_its_field(project: Project, lea: User) -> None:
    browser = browser_of(lea)
    assert set(errors(browser.post(url(project, "contract-new"), {"target_labels": "4"}))) == {"slice_0"}
    typed = {"slice_0": "de", "shared_labels": "3", "cohort_key": "site", "widest_interval": "0"}
    found = errors(browser.post(url(project, "contract-new"), typed))
    assert set(found) == {"overlap_percent", "least_cohorts", "widest_interval"}
    found = errors(
        browser.post(url(project, "contract-new"), {"slice_0": "de", "cohort_key": "site", "least_cohorts": "5"})
    )
    assert "cannot come from 5 cohorts" in found["least_cohorts"][0]
    assert not SliceContract.objects.exists()


@pytest.mark.parametrize("name", ["contracts", "pairs", "routing-rules"])
def test_hostile_names_stay_text(project: Project, lea: User, name: str) -> None:
    key, value, *_ = HOSTILE
    Project.objects.filter(pk=project.pk).update(slices=["language", key])
    project.refresh_from_db()
    make_item(project, "m0", **{key: value})
    add_contract(
        actor=lea, project=project, terms={"slice": {key: value}, "target_labels": 5, "skills": list(HOSTILE[:5])}
    )  # fmt: skip
    for hostile in HOSTILE:
        make_member(project, None, name=hostile)
        make_member(project, None, name=f"model {hostile}"[:150], kind="model")
    html = browser_of(lea).get(url(project, name)).content.decode()
    assert raw_markup(html) == []
    assert raw_markup(browser_of(lea).get(url(project, "contract", 1)).content.decode()) == []


# --- pairs


def test_pairs_that_share_nothing_are_named(project: Project, lea: User, ana: User, ben: User) -> None:
    task = make_task(make_item(project, "m0"))
    browser = browser_of(lea)
    read = browser.get(url(project, "pairs")).context["pairs"]
    assert (read.is_connected, read.connected) == (
        False, "2 groups share no item with one another: apart from the largest there is ben.",
    )  # fmt: skip
    for user in (ana, ben):
        member = Member.objects.get(project=project, user=user)
        held = claim_next(annotator=member)
        assert held is not None
        submit_annotation(
            annotator=member, lease_id=held.lease.id, answer={"intent": "refund"}, submission_id=held.lease.id
        )  # fmt: skip
    answer = browser.get(url(project, "pairs"))
    assert answer.context["pairs"].is_connected
    assert answer.context["pairs"].short == "Each of 1 pair shares items."
    assert [cell.count for row in answer.context["pairs"].heat.rows for cell in row.cells] == [1, 1, 1, 1]

    Project.objects.filter(pk=project.pk).update(overlap={"labels_per_item": 2, "shared_per_pair": 20})
    answer = browser.get(url(project, "pairs"))
    assert answer.context["pairs"].short == "1 of 1 pair share fewer than 20 items; the fewest: ana and ben (1)."
    assert "ana and ben: 1 item both" in answer.content.decode()
    assert f">{task.item.external_id}<" not in answer.content.decode()


# --- rules


def test_rules_are_shown_and_saved_together(project: Project, lea: User) -> None:
    make_member(project, None, name="gpt", kind="model")
    browser = browser_of(lea)
    wanted = RULES | {
        "max_labels": "5", "stop_percent": "97.5", "shared_per_pair": "20", "gold_percent": "7.5",
        "gold_mode": "teaching", "repeat_percent": "2", "gold_floor_percent": "70", "max_per_day": "200",
        "max_share_percent": "30", "time_zone": "Asia/Kolkata", "prelabel_model": "gpt", "prelabel_percent": "50",
    }  # fmt: skip
    assert browser.post(url(project, "routing-rules-save"), wanted).status_code == 302
    project.refresh_from_db()
    assert project.overlap == {
        "labels_per_item": 2, "shared_per_pair": 20, "adaptive": {"max_labels": 5, "stop_at_posterior": 0.975},
    }  # fmt: skip
    assert project.gold_rate == 0.075
    assert routing_facts(Routing.objects.get(project=project)) == {
        "gold_mode": "teaching", "repeat_rate": 0.02, "gold_floor": 0.7, "gold_floor_least": 20, "max_per_day": 200,
        "max_share": 0.3, "time_zone": "Asia/Kolkata", "prelabel_model": "gpt", "prelabel_share": 0.5,
    }  # fmt: skip
    form = browser.get(url(project, "routing-rules")).context["form"]
    assert {name: str(form[name].value()) for name in wanted} == wanted

    browser.post(url(project, "routing-rules-save"), RULES)
    project.refresh_from_db()
    assert (project.overlap, project.gold_rate) == ({"labels_per_item": 2}, 0.05)


def test_a_refused_rule_is_named_beside_its_field_and_nothing_is_saved(project: Project, lea: User) -> None:
    browser = browser_of(lea)
    Project.objects.filter(pk=project.pk).update(overlap={"labels_per_item": 1})
    found = errors(browser.post(url(project, "routing-rules-save"), RULES | {"shared_per_pair": "5"}))
    assert set(found) == {"shared_per_pair"}
    found = errors(
        browser.post(url(project, "routing-rules-save"), RULES | {"gold_percent": "9", "prelabel_percent": "50"})
    )
    assert set(found) == {"prelabel_model"}
    found = errors(
        browser.post(url(project, "routing-rules-save"), RULES | {"gold_percent": "51", "time_zone": "Mars"})
    )
    assert set(found) == {"gold_percent", "time_zone"}
    project.refresh_from_db()
    assert (project.overlap, project.gold_rate) == ({"labels_per_item": 1}, 0)


def test_engineers_read_the_rules_and_change_nothing(project: Project, lea: User, max_: User) -> None:
    update_routing(actor=lea, project=project, max_per_day=77)
    browser = browser_of(max_)
    html = browser.get(url(project, "routing-rules")).content.decode()
    assert 'value="77"' in html
    assert "routing/rules/save" in html
    assert 'data-key="ctrl+enter"' not in html
    assert browser.post(url(project, "routing-rules-save"), RULES).status_code == 403
    for name in ("contract-new",):
        assert browser.get(url(project, name)).status_code == 403


def test_settings_keep_the_rules_that_they_do_not_show(project: Project, lea: User) -> None:
    overlap = {"labels_per_item": 2, "shared_per_pair": 20, "adaptive": {"max_labels": 5, "stop_at_posterior": 0.9}}
    Project.objects.filter(pk=project.pk).update(overlap=overlap)
    typed = {"title": "Intents", "labels_per_item": "3", "sharing": "all", "lease_minutes": "15"}
    assert browser_of(lea).post(reverse("project-settings", args=[project.slug]), typed).status_code == 302
    project.refresh_from_db()
    assert project.overlap == overlap | {"labels_per_item": 3}


@pytest.mark.parametrize("name", ["contracts", "pairs", "routing-rules"])
def test_annotators_and_adjudicators_see_none_of_it(
    project: Project, ana: User, adi: User, eve: User, name: str
) -> None:
    for user, status in ((ana, 403), (adi, 403), (eve, 404)):
        assert browser_of(user).get(url(project, name)).status_code == status


def test_the_tabs_lead_to_the_pages_that_are_there(project: Project, lea: User) -> None:
    html = browser_of(lea).get(url(project, "pairs")).content.decode()
    for name in ("contracts", "pairs", "routing-rules"):
        assert f'href="{url(project, name)}"' in html
    assert f'href="{url(project, "pairs")}" aria-current="page"' in html


# --- skills


def test_skills_are_edited_in_the_page_and_open_what_was_closed(project: Project, lea: User, ana: User) -> None:
    make_task(make_item(project, "m0", language="de"))
    add_contract(actor=lea, project=project, terms=GERMAN | {"skills": ["german"]})
    member = Member.objects.get(project=project, user=ana)
    assert claim_next(annotator=member) is None
    browser, page = browser_of(lea), url(project, "person", member.pk)
    typed = {"role": "annotator", "cohorts": "site: Pune", "skills": "german, law"}
    assert browser.post(page, typed).status_code == 302
    member.refresh_from_db()
    assert (member.skills, member.cohorts) == (["german", "law"], {"site": "Pune"})
    assert browser.get(page).context["form"]["skills"].value() == "german, law"
    assert claim_next(annotator=member) is not None
