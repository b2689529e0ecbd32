"""Samples of an impact set: drawn by seed, judged, estimated; and publishing with a re-label round for the set."""

from copy import deepcopy
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from accounts.errors import InvalidInput, NotFound
from accounts.models import User
from annotation.models import Assignment, Item, Project, Round
from guidelines.models import Guideline, GuidelineDraft, GuidelineVersion
from guidelines.services.editing import StaleDraft
from guidelines.services.publishing import publish_version
from quality.models import ImpactJudgement, ImpactSample, RelabelCampaign
from quality.selectors.impact_samples import current_sample, is_of_this_draft, samples_of
from quality.services.campaign_scope import ScopeIsEmpty
from quality.services.impact_publishing import LabelsUnmapped, publish_and_relabel, publish_with_mappings
from quality.services.impact_samples import NothingToSample, SampleOutdated, draw_sample, estimate_of, judge_item
from tests.concurrency.racing import race
from tests.factories.quality import make_labels, make_planted_project


def define(project: Project, text: str = "Only if the full price is named; never for a voucher.") -> GuidelineDraft:
    draft = GuidelineDraft.objects.get(guideline=project.guideline)
    content = deepcopy(draft.content)
    content["questions"][0]["options"][0]["definition"] = text
    draft.content, draft.revision = content, draft.revision + 1
    draft.save()
    return draft


@pytest.fixture
def changed(project: Project) -> Project:
    make_planted_project(project, 120)
    define(project)
    return project


def drawn_items(sample: ImpactSample) -> list[int]:
    return list(sample.judgements.values_list("item_id", flat=True))


def test_the_same_seed_draws_the_same_items_in_proportion_to_the_reasons(changed: Project, lea: User) -> None:
    first = draw_sample(actor=lea, project=changed, size=30, seed=7)
    again = draw_sample(actor=lea, project=changed, size=30, seed=7)
    other = draw_sample(actor=lea, project=changed, size=30, seed=8)

    assert drawn_items(first) == drawn_items(again) != drawn_items(other)
    assert len(set(drawn_items(first))) == 30
    reasons = list(first.judgements.values_list("reason", flat=True))
    assert set(reasons) == {"option:intent/refund", "neighbour:intent/billing", "neighbour:intent/other"}
    assert (first.draft_revision, first.base_version.number, first.seed) == (2, "1.0", 7)


def test_a_small_set_is_drawn_whole_and_an_empty_one_not_at_all(changed: Project, lea: User) -> None:
    whole = draw_sample(actor=lea, project=changed, size=500)

    assert whole.judgements.count() == whole.n_items
    define(changed, "Wants money back.")
    with pytest.raises(NothingToSample):
        draw_sample(actor=lea, project=changed)


@pytest.mark.parametrize(("given", "path"), [({"size": 0}, "size"), ({"size": 501}, "size"), ({"seed": -1}, "seed"),
                                             ({"reasons": ["x"]}, "reasons")])  # fmt: skip
def test_bad_numbers_are_refused_and_nothing_is_drawn(
    changed: Project, lea: User, given: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        draw_sample(actor=lea, project=changed, **given)

    assert refused.value.errors[0].path == path
    assert not ImpactSample.objects.exists()


def test_verdicts_give_the_share_with_its_interval_and_the_unsure_stand_apart(changed: Project, lea: User) -> None:
    sample = draw_sample(actor=lea, project=changed, size=20, seed=1)
    assert estimate_of(sample).share is None
    for position in range(1, 21):
        verdict = "changes" if position <= 6 else "unsure" if position <= 10 else "stays"
        judge_item(actor=lea, sample=sample, position=position, verdict=verdict)
    judge_item(actor=lea, sample=sample, position=20, verdict="changes")  # looked again

    found = estimate_of(sample)

    n = 16 * (sample.n_items - 1) / (sample.n_items - 16)
    low, high = proportion_confint(7 / 16 * n, n, method="wilson")
    assert (found.stays, found.changes, found.unsure, found.n_judged) == (9, 7, 4, 20)
    assert found.share is not None
    assert (found.share.share, found.share.low, found.share.high) == pytest.approx((7 / 16, low, high))
    assert found.if_all_unsure_change == pytest.approx(11 / 20)
    assert found.of(100) == pytest.approx((43.75, low * 100, high * 100))


def test_a_sample_speaks_for_its_draft_only(changed: Project, lea: User, guideline: Guideline) -> None:
    sample = draw_sample(actor=lea, project=changed, size=5)
    GuidelineDraft.objects.filter(guideline=guideline).update(change_note="later", revision=9)
    assert current_sample(changed) == sample
    define(changed, "Something else altogether, not money.")

    assert (current_sample(changed), is_of_this_draft(sample)) == (None, False)
    assert [found.n_judged for found in samples_of(changed)] == [0]
    with pytest.raises(SampleOutdated):
        judge_item(actor=lea, sample=sample, position=1, verdict="stays")
    assert not ImpactJudgement.objects.exclude(verdict="").exists()


def test_an_unknown_verdict_or_place_is_refused(changed: Project, lea: User) -> None:
    sample = draw_sample(actor=lea, project=changed, size=2)

    with pytest.raises(InvalidInput):
        judge_item(actor=lea, sample=sample, position=1, verdict="maybe")
    with pytest.raises(NotFound):
        judge_item(actor=lea, sample=sample, position=3, verdict="stays")


PUBLISH: dict[str, Any] = {"level": "major", "change_note": "Refund is narrower", "label_migrations": []}


def test_publish_and_relabel_asks_exactly_the_set_again_under_the_new_version(changed: Project, lea: User) -> None:
    chosen = ["option:intent/refund"]

    done = publish_and_relabel(
        actor=lea,
        project=changed,
        revision=2,
        reason="Refund is narrower",
        reasons=chosen,
        labels_per_item=2,
        **PUBLISH,
    )

    assert (done.version.number, done.campaign.guideline_version) == ("2.0", done.version)
    refunds = set(
        Item.objects.filter(project=changed, annotations__answer__intent="refund").values_list("pk", flat=True)
    )
    asked = Assignment.objects.filter(round=done.campaign.round)
    assert set(asked.values_list("task__item_id", flat=True)) == refunds
    assert asked.count() == 2 * len(refunds)
    assert set(asked.values_list("task__major", flat=True)) == {2}


def test_if_the_campaign_is_refused_nothing_is_published(changed: Project, lea: User) -> None:
    with pytest.raises(InvalidInput):
        publish_and_relabel(actor=lea, project=changed, revision=2, reason=" ", **PUBLISH)
    define(changed, "Wants money back.")
    with pytest.raises(ScopeIsEmpty):
        publish_and_relabel(actor=lea, project=changed, revision=3, reason="why", **PUBLISH)

    assert GuidelineVersion.objects.count() == 1
    assert not RelabelCampaign.objects.exists()
    assert not Round.objects.filter(kind="relabel").exists()


def test_a_draft_that_nobody_saw_is_not_published(changed: Project, lea: User) -> None:
    with pytest.raises(StaleDraft):
        publish_and_relabel(actor=lea, project=changed, revision=1, reason="why", **PUBLISH)

    assert GuidelineVersion.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_leads_at_once_one_publishes_and_relabels_the_other_is_told(
    changed: Project, lea: User, olga: User
) -> None:
    def go(actor: User) -> Any:
        return publish_and_relabel(actor=actor, project=changed, revision=2, reason="narrower", **PUBLISH)

    results = race([lambda: go(lea), lambda: go(olga), lambda: publish_version(
        actor=olga, guideline=changed.guideline, revision=2, **PUBLISH)])  # fmt: skip

    told = [result for result in results if isinstance(result, StaleDraft)]
    assert len(told) == 2
    assert GuidelineVersion.objects.count() == 2
    assert RelabelCampaign.objects.count() <= 1


def test_a_lost_option_that_labels_use_must_be_said_something_of(changed: Project, lea: User) -> None:
    draft = define(changed)
    draft.content["questions"][0]["options"] = draft.content["questions"][0]["options"][:2]
    draft.save()
    arguments = PUBLISH | {"actor": lea, "guideline": changed.guideline, "revision": draft.revision}

    with pytest.raises(LabelsUnmapped) as refused:
        publish_with_mappings(**arguments)

    assert refused.value.errors[0].path == "label_migrations.intent.other"
    assert GuidelineVersion.objects.count() == 1
    retired = [{"kind": "retire", "question": "intent", "from": ["other"], "to": []}]
    assert publish_with_mappings(**arguments | {"label_migrations": retired}).label_migrations == retired


def test_a_lost_option_that_nobody_used_needs_no_word(project: Project, lea: User) -> None:
    make_labels(project, [("a", "ana", "refund")])
    draft = define(project)
    draft.content["questions"][0]["options"] = draft.content["questions"][0]["options"][:2]
    draft.save()

    version = publish_with_mappings(actor=lea, guideline=project.guideline, revision=draft.revision, **PUBLISH)

    assert version.number == "2.0"
