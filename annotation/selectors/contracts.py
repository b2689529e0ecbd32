"""The slice contracts of a project, as a row, as terms and as lanes of the queue."""

from django.db.models import QuerySet, Sum

from accounts.errors import NotFound
from annotation.contract_terms import ContractTerms
from annotation.lanes import LaneContract
from annotation.models import LaneCount, Project, SliceContract


def contracts_of(project_id: int) -> QuerySet[SliceContract]:
    """The contracts that are in force, in the order in which they take items."""
    return SliceContract.objects.filter(project_id=project_id, is_active=True).order_by("number")


def contract_of(project: Project, number: int) -> SliceContract:
    """A contract by number, ended ones too. Raises NotFound."""
    contract = SliceContract.objects.filter(project=project, number=number).first()
    if contract is None:
        raise NotFound
    return contract


def terms_of(contract: SliceContract) -> ContractTerms:
    return ContractTerms(
        slice=contract.slice, target_labels=contract.target_labels, overlap_share=contract.overlap_share,
        shared_labels=contract.shared_labels, widest_interval=contract.widest_interval,
        lowest_alpha=contract.lowest_alpha, skills=tuple(contract.skills), cohort_key=contract.cohort_key,
        least_cohorts=contract.least_cohorts,
    )  # fmt: skip


def lanes_of(project_id: int) -> tuple[LaneContract, ...]:
    """The lanes of the project's queue beside that of all other items. One query."""
    return tuple(terms_of(contract).as_lane(contract.number) for contract in contracts_of(project_id))


def labels_taken(project: Project) -> dict[int, int]:
    """The labels of each contract's lane that are given or in somebody's hands, by its number. One query."""
    counts = LaneCount.objects.filter(project=project, lane__gt=0).order_by()
    return {lane: int(taken) for lane, taken in counts.values_list("lane").annotate(n=Sum("taken"))}
