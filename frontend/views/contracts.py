"""Slice contracts: the table against their state, and the forms to add, change and end one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import Capability
from annotation.models import SliceContract
from annotation.selectors.access import ProjectAccess
from annotation.selectors.contracts import contract_of, terms_of
from annotation.services.contracts import add_contract, change_contract, end_contract
from frontend.forms.contracts import ContractForm
from frontend.guard import project_page
from frontend.reading.contracts import alpha_plot, sentence, shown_contracts, slice_words
from quality.services.contract_board import contract_states


@require_GET
@project_page(Capability.VIEW_QUALITY)
def contracts(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    states = contract_states(access.project)
    shown = shown_contracts(states, access.project.slug)
    context = {
        "tab": "contracts", "shown": shown, "sentence": sentence(shown),
        "plot": alpha_plot(states, access.project.slug), "may_change": access.allows(Capability.MANAGE_PROJECT),
    }  # fmt: skip
    return render(request, "routing/contracts.html", context)


@require_http_methods(["GET", "POST"])
@project_page(Capability.MANAGE_PROJECT)
def contract_new(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    project = access.project
    form = ContractForm(request.POST if request.method == "POST" else None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            made = add_contract(actor=access.user, project=project, terms=form.wanted())
        except (NotFound, Forbidden):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("%(slice)s is under contract.") % {"slice": slice_words(made.slice)})
            return redirect("contracts", project.slug)
    context = {"tab": "contracts", "form": form}
    return render(request, "routing/contract.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@project_page(Capability.MANAGE_PROJECT)
def contract(request: HttpRequest, access: ProjectAccess, number: int) -> HttpResponse:
    project, row = access.project, _contract_in_force(access, number)
    form = ContractForm(request.POST if request.method == "POST" else None, project=project, terms=terms_of(row))
    if request.method == "POST" and form.is_valid():
        try:
            change_contract(actor=access.user, project=project, number=number, **form.wanted())
        except (NotFound, Forbidden):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Saved; the queue follows."))
            return redirect("contracts", project.slug)
    context = {"tab": "contracts", "form": form, "contract": row, "slice": slice_words(row.slice)}
    return render(request, "routing/contract.html", context, status=422 if form.errors else 200)


def _contract_in_force(access: ProjectAccess, number: int) -> SliceContract:
    row = contract_of(access.project, number) if number < 2**15 else None
    if row is None or not row.is_active:
        raise NotFound
    return row


@require_POST
@project_page(Capability.MANAGE_PROJECT)
def contract_end(request: HttpRequest, access: ProjectAccess, number: int) -> HttpResponse:
    row = _contract_in_force(access, number)
    end_contract(actor=access.user, project=access.project, number=number)
    messages.success(request, _("The contract for %(slice)s has ended.") % {"slice": slice_words(row.slice)})
    return redirect("contracts", access.project.slug)
