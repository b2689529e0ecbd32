"""The rules of the queue, and who has labeled beside whom."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import Capability
from annotation.models import Project, Routing
from annotation.overlap import parse_overlap
from annotation.selectors.access import ProjectAccess
from annotation.selectors.pairs import pair_matrix
from annotation.services.projects import change_project
from frontend.forms.routing import RulesForm
from frontend.guard import project_page
from frontend.reading.pairs import read_pairs
from frontend.wording import count, percent


@require_GET
@project_page(Capability.VIEW_QUALITY)
def pairs(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    wanted = access.project.overlap.get("shared_per_pair")
    matrix = pair_matrix(access.project)
    context = {
        "tab": "pairs",
        "wanted": wanted,
        "has_pairs": len(matrix.people) > 1,
        "pairs": read_pairs(matrix, wanted),
    }
    return render(request, "routing/pairs.html", context)


@require_http_methods(["GET"])
@project_page(Capability.VIEW_QUALITY)
def rules(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The rules as they are; leads change them, engineers read them."""
    return _show_rules(request, access, _form(access, None))


@require_http_methods(["POST"])
@project_page(Capability.MANAGE_PROJECT)
def rules_save(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    form = _form(access, request)
    if form.is_valid():
        try:
            change_project(actor=access.user, project=access.project, **form.wanted())
        except (NotFound, Forbidden):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Saved; the queue follows."))
            return redirect("routing-rules", access.project.slug)
    return _show_rules(request, access, form)


def _form(access: ProjectAccess, request: HttpRequest | None) -> RulesForm:
    routing = Routing.objects.select_related("prelabel_model").get(project=access.project)
    may_change = access.allows(Capability.MANAGE_PROJECT)
    data = request.POST if request is not None else None
    return RulesForm(data, project=access.project, routing=routing, may_change=may_change)


def _show_rules(request: HttpRequest, access: ProjectAccess, form: RulesForm) -> HttpResponse:
    context = {
        "tab": "rules", "form": form, "may_change": access.allows(Capability.MANAGE_PROJECT),
        "overlap": _overlap_words(access.project),
    }  # fmt: skip
    return render(request, "routing/rules.html", context, status=422 if form.errors else 200)


def _overlap_words(project: Project) -> str:
    policy = parse_overlap(project.overlap)
    each = count(policy.labels_per_item, _("label"), _("labels"))
    if policy.shared_labels is None:
        return _("Every item gets %(each)s.") % {"each": each}
    values = {"each": each, "share": percent(policy.share), "shared": policy.shared_labels}
    return _("Every item gets %(each)s, and %(share)s of them %(shared)s, drawn by chance.") % values
