"""Impact pages: what a lead sees, chooses, reads and publishes; empty states; mappings on the publish page."""

import re
from copy import deepcopy
from typing import Any

import pytest

from accounts.models import User
from annotation.models import Annotation, Project
from guidelines.models import Guideline, GuidelineDraft, GuidelineVersion
from quality.models import ImpactSample, RelabelCampaign
from tests.factories.annotation import make_project
from tests.factories.guidelines import make_guideline, option
from tests.factories.quality import make_labels, make_planted_project
from tests.frontend.pages import HTMX, browser_of

URL = "/g/support/impact/"
PUBLISH = "/g/support/publish/"


def edit(project: Project, change: Any) -> None:
    draft = GuidelineDraft.objects.get(guideline=project.guideline)
    content = deepcopy(draft.content)
    change(content)
    draft.content, draft.revision = content, draft.revision + 1
    draft.save()


def define(content: dict[str, Any]) -> None:
    content["questions"][0]["options"][0]["definition"] = "Only if the full price is named; never for a voucher."


def rename_and_drop(content: dict[str, Any]) -> None:
    content["questions"][0]["options"] = [
        option("money", "Refund", "Wants money back.", "1", "C3"),
        option("billing", "Billing error", "A wrong charge.", "2", "C3"),
        option("praise", "Praise", "Kind words.", "3"),
    ]  # fmt: skip


@pytest.fixture
def changed(project: Project) -> Project:
    make_planted_project(project, 60)
    edit(project, define)
    return project


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def form(**fields: Any) -> dict[str, Any]:
    return {"change_note": "Narrower", "level": "major", "revision": "2"} | fields


def test_the_set_is_shown_with_reasons_versions_slices_and_cost(changed: Project, lea: User) -> None:
    answer = browser_of(lea).get(URL)

    page = text_of(answer)
    assert answer.status_code == 200
    assert "Labeled Refund, which changed" in page
    assert "Labeled Billing error, which people take for a changed label" in page
    assert "By language" in page
    assert answer.context["total"].n_redo == answer.context["total"].n_items * 2
    assert 'aria-current="page"' in answer.content.decode()


def test_unticking_a_reason_makes_the_set_smaller_at_once(changed: Project, lea: User) -> None:
    browser = browser_of(lea)
    whole = browser.get(URL).context["total"].n_items

    part = browser.get(URL, {"chosen": "1", "reasons": ["option:intent/refund"], "labels_per_item": "3"}, headers=HTMX)
    none = browser.get(URL, {"chosen": "1"}, headers=HTMX)

    assert b"<html" not in part.content
    assert 0 < part.context["total"].n_items < whole
    assert "reasons=option%3Aintent%2Frefund" in part.content.decode()
    assert none.context["total"].n_items == 0
    assert "Publish and re-label" not in text_of(none)


def test_empty_states_say_what_is_missing(project: Project, lea: User, guideline: Guideline) -> None:
    browser = browser_of(lea)
    assert "Nothing is labeled yet" in text_of(browser.get(URL))
    make_labels(project, [("a", "ana", "refund")])
    assert "The draft changes nothing" in text_of(browser.get(URL))
    edit(project, lambda c: c["questions"][0]["options"][0].update(hotkey="x"))
    assert "No label becomes invalid" in text_of(browser.get(URL))
    make_guideline(lea, "alone")
    assert "No project of yours labels under this guideline" in text_of(browser.get("/g/alone/impact/"))


def test_with_several_projects_one_is_chosen_and_a_strangers_is_not_there(
    changed: Project, lea: User, guideline: Guideline, olga: User
) -> None:
    make_project(lea, guideline, slug="second")
    make_project(olga, guideline, slug="hers")
    browser = browser_of(lea)

    page = browser.get(URL, {"project": "second"})

    assert page.context["project"].slug == "second"
    assert {each.slug for each in page.context["projects"]} == {"intents", "second"}
    assert browser.get(URL, {"project": "hers"}).status_code == 400


def test_only_editors_see_it(changed: Project, ana: User, max_: User, eve: User) -> None:
    assert browser_of(ana).get(URL).status_code == 403
    assert browser_of(max_).get(URL).status_code == 403
    assert browser_of(eve).get(URL).status_code == 404


def test_a_sample_is_drawn_read_item_by_item_and_gives_the_share(changed: Project, lea: User) -> None:
    browser = browser_of(lea)

    drawn = browser.post(f"{URL}samples/new/", {"project": "intents", "size": "4", "seed": "3"})
    sample = ImpactSample.objects.get()
    here = f"{URL}samples/{sample.pk}/"
    first = browser.get(here)
    for position, verdict in enumerate(("changes", "stays", "unsure", "stays"), start=1):
        went = browser.post(f"{here}judge/{position}/", {"verdict": verdict})
        assert went["Location"] == here
    done = browser.get(here)

    assert drawn["Location"] == here
    assert "What changes" in text_of(first)
    assert "full price" in text_of(first)
    assert 'data-key="2 c"' in first.content.decode()
    assert "All are read" in text_of(done)
    assert "1 of 3 decided; 1 unsure: 50" in text_of(done)
    assert "Share that changes" in text_of(browser.get(URL))


def test_a_sample_of_another_draft_is_shown_as_such_and_takes_no_verdict(changed: Project, lea: User) -> None:
    browser = browser_of(lea)
    browser.post(f"{URL}samples/new/", {"project": "intents", "size": "2"})
    sample = ImpactSample.objects.get()
    edit(changed, lambda c: c["questions"][0]["options"][0].update(definition="Anything at all, never mind what."))

    page = browser.get(f"{URL}samples/{sample.pk}/")
    refused = browser.post(f"{URL}samples/{sample.pk}/judge/1/", {"verdict": "stays"}, follow=True)

    assert "This sample is of another draft" in text_of(page)
    assert 'name="verdict"' not in page.content.decode()
    assert "draw another one" in text_of(refused)
    assert "not this draft" in text_of(browser.get(URL))
    assert not sample.judgements.exclude(verdict="").exists()


@pytest.mark.parametrize("fields", [{"size": "0"}, {"size": "x"}, {"size": "3", "seed": "-1"}])
def test_a_bad_number_is_refused_beside_its_field(changed: Project, lea: User, fields: dict[str, str]) -> None:
    answer = browser_of(lea).post(f"{URL}samples/new/", {"project": "intents"} | fields)

    assert answer.status_code == 422
    assert "field-error" in answer.content.decode() or "errorlist" in answer.content.decode()
    assert not ImpactSample.objects.exists()


def test_hostile_addresses_are_refused_without_an_error(changed: Project, lea: User) -> None:
    browser = browser_of(lea)
    browser.post(f"{URL}samples/new/", {"project": "intents", "size": "1"})
    here = f"{URL}samples/{ImpactSample.objects.get().pk}/"

    assert browser.get(f"{URL}samples/{10**30}/").status_code == 404
    assert browser.get(here, {"at": "9" * 50}).status_code == 200
    assert browser.post(f"{here}judge/{10**12}/", {"verdict": "stays"}).status_code == 404
    assert browser.post(f"{here}judge/1/", {"verdict": "<b>"}).status_code == 302
    assert browser.get(URL, {"chosen": "1", "reasons": "nothing"}).status_code == 400
    assert browser.get(URL, {"labels_per_item": "9" * 40}).status_code == 200


# ---- the publish page


def mapping_fields(answer: Any) -> dict[str, Any]:
    """What the browser would post for the rows as they are shown."""
    fields: dict[str, Any] = {"mappings": "shown"}
    for row in answer.context["mappings"].rows:
        fields |= {f"{row.name}-of": "/".join(row.place), f"{row.name}-kind": row.kind, f"{row.name}-to": list(row.to)}
    return fields


def test_lost_options_are_prefilled_and_stored_with_the_version(changed: Project, lea: User) -> None:
    edit(changed, rename_and_drop)
    browser = browser_of(lea)
    shown = browser.get(PUBLISH)
    rows = {row.lost.option.key: row for row in shown.context["mappings"].lost}
    assert (rows["refund"].kind, rows["refund"].to) == ("rename", ("money",))
    assert rows["other"].kind == ""
    fields = mapping_fields(shown)

    refused = browser.post(PUBLISH, form(revision="3", **fields))
    other = next(name for name, value in fields.items() if value == "intent/other").removesuffix("-of")
    stored = browser.post(PUBLISH, form(revision="3", **fields | {f"{other}-kind": "retire", f"{other}-note": "rare"}))

    assert refused.status_code == 422
    assert "stored labels are Other: say what becomes of them." in text_of(refused)
    assert stored.status_code == 302
    assert GuidelineVersion.objects.get(major=2).label_migrations == [
        {"kind": "rename", "question": "intent", "from": ["refund"], "to": ["money"]},
        {"kind": "retire", "question": "intent", "from": ["other"], "to": [], "note": "rare"},
    ]


def test_a_mapping_without_its_targets_is_refused_at_its_row(changed: Project, lea: User) -> None:
    edit(changed, rename_and_drop)
    browser = browser_of(lea)
    fields = mapping_fields(browser.get(PUBLISH))
    other = next(name for name, value in fields.items() if value == "intent/other").removesuffix("-of")

    answer = browser.post(PUBLISH, form(revision="3", **fields | {f"{other}-kind": "split", f"{other}-to": ["money"]}))

    row = next(row for row in answer.context["mappings"].lost if row.lost.option.key == "other")
    assert answer.status_code == 422
    assert row.errors == ["a split names at least 2 here, not 1"]
    assert (row.kind, row.to) == ("split", ("money",))
    assert GuidelineVersion.objects.count() == 1


def test_an_option_that_stays_can_be_said_to_be_split(changed: Project, lea: User) -> None:
    edit(changed, lambda c: c["questions"][0]["options"].append(option("fee", "Fee", "A wrong fee.", "4")))
    browser = browser_of(lea)
    fields = mapping_fields(browser.get(PUBLISH))
    billing = next(name for name, value in fields.items() if value == "intent/billing").removesuffix("-of")

    browser.post(
        PUBLISH, form(revision="3", **fields | {f"{billing}-kind": "split", f"{billing}-to": ["billing", "fee"]})
    )

    assert GuidelineVersion.objects.get(major=2).label_migrations == [
        {"kind": "split", "question": "intent", "from": ["billing"], "to": ["billing", "fee"]}
    ]


def test_the_draft_is_tried_with_the_mappings_of_the_form(changed: Project, lea: User) -> None:
    edit(changed, rename_and_drop)
    browser = browser_of(lea)
    before = list(Annotation.objects.order_by("pk").values())
    fields = mapping_fields(browser.get(PUBLISH))

    tried = browser.post(f"{URL}try/", form(revision="3", **fields), headers=HTMX)
    plain = browser.post(f"{URL}try/", {})

    assert b"<html" not in tried.content
    assert "Mapped with certainty" in text_of(tried)
    assert "not mapped to any label" in text_of(tried)
    assert plain.status_code == 200
    assert list(Annotation.objects.order_by("pk").values()) == before


def test_publish_and_relabel_from_the_impact_page(changed: Project, lea: User) -> None:
    browser = browser_of(lea)
    link = browser.get(URL, {"chosen": "1", "reasons": ["option:intent/refund"]}).context["publish_url"]
    page = browser.get(link)
    assert "Publish and re-label" in text_of(page)
    n_items = page.context["relabel"].impact.total.n_items

    went = browser.post(
        PUBLISH, form(relabel="intents", reasons=["option:intent/refund"], labels_per_item="2", campaign_reason="")
    )

    campaign = RelabelCampaign.objects.get()
    assert went["Location"] == f"/p/intents/campaigns/{campaign.pk}/"
    assert (campaign.n_items, campaign.guideline_version.number, campaign.reason) == (n_items, "2.0", "Narrower")


def test_what_cannot_be_relabeled_is_not_published_either(changed: Project, lea: User) -> None:
    browser = browser_of(lea)
    wanted = form(relabel="intents", labels_per_item="2")

    gone = browser.post(PUBLISH, wanted | {"reasons": ["option:intent/gone"]})
    many = browser.post(PUBLISH, wanted | {"labels_per_item": "900"})
    stale = browser.post(PUBLISH, wanted | {"revision": "1"})

    assert (gone.status_code, many.status_code, stale.status_code) == (422, 422, 422)
    assert "is no reason here" in text_of(gone)
    assert "The draft was changed while you read it" in text_of(stale)
    assert (GuidelineVersion.objects.count(), RelabelCampaign.objects.count()) == (1, 0)
