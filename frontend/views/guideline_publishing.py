"""Publish the draft after reading what it changes; take an old version or the current one back as the draft."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Conflict, InvalidInput
from accounts.permissions import Capability
from annotation.models import Project
from annotation.services.rounds import open_rounds, reopen_under_new_major
from frontend.forms.guidelines import PublishForm
from frontend.forms.label_mappings import MappingForm
from frontend.forms.refusals import show_refusal
from frontend.guard import signed_in_user
from frontend.guideline_guard import guideline_page
from frontend.reading.acknowledgements import offered_items
from frontend.reading.guideline_differences import shown_difference
from frontend.relabel_section import RelabelSection, relabel_section
from guidelines.label_proposals import lost_options
from guidelines.models import Guideline, GuidelineVersion
from guidelines.selectors.access import current_version
from guidelines.selectors.comments import open_comments
from guidelines.selectors.differences import draft_difference
from guidelines.selectors.versions import draft_of, version_by_number
from guidelines.services.editing import StaleDraft, discard_draft, restore_version_as_draft
from quality.selectors.stored_labels import count_of_options
from quality.services.impact_publishing import publish_and_relabel, publish_with_mappings

EDIT = Capability.EDIT_GUIDELINE


@require_http_methods(["GET", "POST"])
@guideline_page(EDIT)
def guideline_publish(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    draft = draft_of(guideline)
    difference = draft_difference(guideline, draft)
    form = PublishForm(
        request.POST or None,
        initial={
            "change_note": draft.change_note, "level": difference.level, "revision": draft.revision,
            "acknowledge": difference.level == "major" and difference.old != "",
        },
    )  # fmt: skip
    counts = count_of_options(guideline, lost_options(difference.before, difference.after))
    mappings = MappingForm(difference, counts, request.POST or None)
    relabel = relabel_section(request, guideline)
    if form.is_valid() and (relabel is None or relabel.form.is_valid()):
        try:
            return _publish(request, guideline, form, mappings, relabel)
        except (InvalidInput, Conflict) as refusal:
            if mappings.refuse(refusal):
                form.add_error(None, refusal.detail)
            else:
                show_refusal(form, refusal, {"acknowledgement": "proof"})
        except StaleDraft:
            form.add_error(None, _("The draft was changed while you read it. This is what it says now: read it again."))
            form = _on_newest(request, form, draft.revision)
    current = current_version(guideline)
    context = {
        "guideline": guideline, "tab": "publish", "is_editor": True, "draft": draft, "form": form, "current": current,
        "difference": shown_difference(difference), "numbers": _next_numbers(current),
        "offered": offered_items(difference, form["proof"].value() or []),
        "open_comments": list(open_comments(guideline)),
        "projects": Project.objects.filter(guideline=guideline, status="active").order_by("title"),
        "mappings": mappings, "relabel": relabel,
    }  # fmt: skip
    is_refused = form.errors or (relabel is not None and relabel.form.errors)
    return render(request, "guidelines/publish.html", context, status=422 if is_refused else 200)


def _publish(
    request: HttpRequest, guideline: Guideline, form: PublishForm, mappings: MappingForm, relabel: RelabelSection | None
) -> HttpResponse:
    said = {name: form.cleaned_data[name] for name in ("level", "change_note", "revision")}
    said |= {"label_migrations": mappings.migrations(), "acknowledgement": form.acknowledgement}
    campaign = None
    if relabel is None:
        version = publish_with_mappings(actor=signed_in_user(request), guideline=guideline, **said)
    else:
        wanted = relabel.form.wanted(said["change_note"])
        done = publish_and_relabel(actor=signed_in_user(request), project=relabel.project, **wanted, **said)
        version, campaign = done.version, done.campaign
    # The next claim would do the same; doing it now lets the lead see the new state of the rounds at once.
    rounds = [
        round_
        for project in Project.objects.filter(guideline=guideline, status=Project.Status.ACTIVE)
        for round_ in open_rounds(project.pk)
    ]
    reopened = sum(reopen_under_new_major(round_) for round_ in rounds)
    text = _("Version %(number)s is published.") % {"number": version.number}
    if reopened:
        text += " " + _("%(count)s unfinished tasks are open again under it.") % {"count": reopened}
    messages.success(request, text)
    if campaign is not None:
        return redirect("campaign", campaign.project.slug, campaign.pk)
    return redirect("guideline", guideline.slug)


def _on_newest(request: HttpRequest, form: PublishForm, revision: int) -> PublishForm:
    """The form as it was filled in, for the draft as it is now."""
    data = request.POST.copy()
    data["revision"] = str(revision)
    newest = PublishForm(data)
    newest.full_clean()
    for error in form.non_field_errors():
        newest.add_error(None, error)
    return newest


def _next_numbers(current: GuidelineVersion | None) -> dict[str, str]:
    if current is None:
        return {"major": "1.0"}
    return {"major": f"{current.major + 1}.0", "minor": f"{current.major}.{current.minor + 1}"}


@require_POST
@guideline_page(EDIT)
def guideline_restore(request: HttpRequest, guideline: Guideline, number: str) -> HttpResponse:
    version = version_by_number(guideline, number)
    try:
        restore_version_as_draft(
            actor=signed_in_user(request), guideline=guideline, version=version, revision=_revision(request)
        )
    except StaleDraft:
        return _draft_was_changed(request, guideline)
    messages.success(request, _("The draft says what version %(number)s says.") % {"number": version.number})
    return redirect("guideline-edit", guideline.slug)


@require_POST
@guideline_page(EDIT)
def guideline_discard(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    try:
        discard_draft(actor=signed_in_user(request), guideline=guideline, revision=_revision(request))
    except StaleDraft:
        return _draft_was_changed(request, guideline)
    messages.success(request, _("The changes are discarded."))
    return redirect("guideline-edit", guideline.slug)


def _revision(request: HttpRequest) -> int:
    """The revision that the person saw; 0, which no draft has, for what is no number."""
    raw = request.POST.get("revision", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0


def _draft_was_changed(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    messages.error(request, _("The draft was changed meanwhile, so nothing was replaced. Look at it first."))
    return redirect("guideline-edit", guideline.slug)
