import pytest
from django.db import connection
from django.utils import timezone

from accounts.errors import InvalidInput
from accounts.models import AuditEvent, User
from annotation.models import Annotation, Project
from operations.models import Job
from operations.services.jobs import run_job
from quality.models import AgreementFigure, Analysis, Finding, FindingEvent
from quality.sentences import finding_summary
from quality.services.analyses import measure, request_analysis, store
from quality.services.findings import change_finding
from tests.factories.quality import is_about_a_voucher, make_labels, make_planted_project

DETECTED = ("bias", "hotspots")


@pytest.fixture
def planted(project: Project) -> Project:
    make_planted_project(project)
    return project


def analyse(project: Project, kinds: tuple[str, ...] = ("agreement", "bias", "hotspots")) -> Job:
    job = request_analysis(actor=None, project=project, kinds=kinds)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    return job


def words_of(finding: Finding) -> str:
    return finding_summary(finding.kind, finding.subject, finding.facts, finding.effect, finding.low, finding.high)


def test_the_planted_problems_are_found_and_nothing_else(planted: Project) -> None:
    result = analyse(planted, ("agreement", "bias", "cohort_bias", "hotspots", "spam", "drift", "collusion")).result

    found = {(f.kind, f.subject.get("annotator"), tuple(f.subject.get("labels", ()))) for f in Finding.objects.all()}
    assert ("hotspots", None, ("refund", "billing")) in found
    assert {(kind, who) for kind, who, _ in found if kind != "hotspots"} == {("bias", "fay")}
    assert result is not None
    assert {entry["kind"] for entry in result["findings"]} == {"bias", "hotspots"}


def test_a_hotspot_names_clause_words_and_what_to_read_first(planted: Project) -> None:
    analyse(planted)

    hotspot = Finding.objects.get(kind="hotspots")

    assert hotspot.subject["clause"] == "C3"
    assert "voucher" in hotspot.subject["terms"]
    assert all(is_about_a_voucher(int(external_id[1:])) for external_id in hotspot.evidence[:10])
    assert set(hotspot.evidence) <= set(hotspot.facts["scope"])
    assert "look at clause C3" in words_of(hotspot)
    assert "“Refund” and “Billing error”" in words_of(hotspot)


def test_a_bias_says_who_which_label_and_what_the_others_say(planted: Project) -> None:
    analyse(planted)

    found = Finding.objects.filter(kind="bias", subject__annotator="fay", subject__label="other").get()

    assert found.effect > 0.05
    assert found.low is not None
    assert found.low < found.effect
    assert words_of(found).startswith("fay uses “Other” ")
    assert "Mostly they say “Other” where others say “Refund”." in words_of(found)


def test_everything_of_an_analysis_is_stored_at_once_or_not_at_all(planted: Project) -> None:
    job = request_analysis(actor=None, project=planted)
    measured = measure(planted, timezone.now(), ["agreement", "bias"], 0.05)
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)

    run_job(job.pk)

    job.refresh_from_db()
    assert job.state == "cancelled"
    assert (Analysis.objects.count(), AgreementFigure.objects.count(), Finding.objects.count()) == (0, 0, 0)
    assert measured.figures


def test_the_same_input_gives_the_same_numbers_and_no_second_finding(planted: Project) -> None:
    analyse(planted, ("agreement", "bias", "cohort_bias", "hotspots", "spam", "drift", "collusion"))
    first = list(Finding.objects.order_by("pk").values("key", "effect", "low", "high", "p_adjusted", "evidence"))
    events = FindingEvent.objects.count()
    analyse(planted, ("agreement", "bias", "cohort_bias", "hotspots", "spam", "drift", "collusion"))

    old, new = Analysis.objects.order_by("created_at")
    assert (old.input_sha256, old.seed, old.code_version) == (new.input_sha256, new.seed, new.code_version)
    assert (
        list(Finding.objects.order_by("pk").values("key", "effect", "low", "high", "p_adjusted", "evidence")) == first
    )
    assert FindingEvent.objects.count() == events


def test_one_live_job_per_project_and_kinds(planted: Project) -> None:
    first = request_analysis(actor=None, project=planted, kinds=["bias", "agreement"])
    second = request_analysis(actor=None, project=planted, kinds=["agreement", "bias"])
    other = request_analysis(actor=None, project=planted, kinds=["spam"])

    assert first.pk == second.pk != other.pk


def test_an_unknown_kind_is_refused_with_the_known_ones(planted: Project) -> None:
    with pytest.raises(InvalidInput) as caught:
        request_analysis(actor=None, project=planted, kinds=["vibes"])

    assert "agreement, spam" in caught.value.errors[0].detail
    assert not Job.objects.exists()


def test_a_finding_that_is_gone_is_resolved_and_opens_again_when_it_is_back(planted: Project) -> None:
    analyse(planted, DETECTED)
    now = timezone.now()
    with connection.cursor() as cursor:  # everybody's answers to the voucher items agree from now on
        cursor.execute(
            "UPDATE annotation_annotation a SET superseded_at = %s FROM annotation_item i WHERE i.id = a.item_id"
            " AND i.payload->>'text' LIKE '%%voucher%%' RETURNING i.external_id",
            [now],
        )
    analyse(planted, DETECTED)
    hotspot = Finding.objects.get(kind="hotspots")
    resolved = hotspot.state

    gone = Annotation.objects.filter(superseded_at=now).select_related("item", "annotator").order_by("pk")
    back = [(a.item.external_id, a.annotator.name, a.answer) for a in gone]
    make_labels(planted, back, round_key="initial", at=gone[0].labeled_at)
    analyse(planted, DETECTED)
    hotspot.refresh_from_db()

    assert (resolved, hotspot.state) == ("resolved", "open")
    assert [(e.state, e.actor) for e in hotspot.events.order_by("pk")] == [
        ("open", None),
        ("resolved", None),
        ("open", None),
    ]
    assert hotspot.events.order_by("pk")[1].figures["effect"] == pytest.approx(hotspot.effect)


def test_a_dismissed_finding_stays_dismissed(planted: Project, lea: User) -> None:
    analyse(planted, DETECTED)
    hotspot = Finding.objects.get(kind="hotspots")

    change_finding(actor=lea, project=planted, finding_id=hotspot.pk, state="dismissed", note="Known, harmless.")
    make_labels(planted, [("i0001", "zed", "refund")], round_key="initial")
    analyse(planted, DETECTED)

    hotspot.refresh_from_db()
    assert hotspot.state == "dismissed"
    assert AuditEvent.objects.get(action="finding.decided").facts == {"state": "dismissed"}


def test_a_dismissal_needs_a_reason(planted: Project, lea: User) -> None:
    analyse(planted, DETECTED)
    hotspot = Finding.objects.get(kind="hotspots")

    with pytest.raises(InvalidInput):
        change_finding(actor=lea, project=planted, finding_id=hotspot.pk, state="dismissed", note=" ")

    hotspot.refresh_from_db()
    assert hotspot.state == "open"
    assert hotspot.events.count() == 1


def test_kinds_that_were_not_looked_at_keep_their_findings(planted: Project) -> None:
    analyse(planted, DETECTED)
    Annotation.objects.filter(project=planted, annotator__name__in=["ana", "fay"]).update(superseded_at=timezone.now())

    analyse(planted, ("agreement",))

    assert set(Finding.objects.values_list("state", flat=True)) == {"open"}


def test_an_analysis_of_an_older_instant_that_ends_later_changes_no_finding(planted: Project) -> None:
    early = measure(planted, timezone.now(), ["bias"], 0.05)
    Annotation.objects.filter(project=planted, annotator__name="fay").update(superseded_at=timezone.now())
    analyse(planted, ("bias",))

    store(early, actor=None, at=timezone.now())

    assert Analysis.objects.count() == 2
    assert not Finding.objects.filter(subject__annotator="fay").exists()


def test_a_project_without_labels_is_analysed_to_nothing(project: Project) -> None:
    job = analyse(project, ("agreement", "bias", "cohort_bias", "hotspots", "spam", "drift", "collusion"))

    assert job.result is not None
    assert job.result["findings"] == []
    assert Analysis.objects.get().summary["labels"] == 0
