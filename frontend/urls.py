"""Every page and fragment, grouped by screen."""

from django.urls import path, register_converter

from frontend.paths import ExternalIdConverter
from frontend.views import (
    account,
    agreement,
    campaigns,
    contracts,
    control_room,
    datasets,
    findings,
    guideline_editor,
    guideline_publishing,
    guidelines,
    home,
    imports,
    items,
    jobs,
    methods,
    people,
    profile,
    projects,
    routing,
    why,
    workbench,
)

register_converter(ExternalIdConverter, "external_id")

urlpatterns = [
    path("", home.home, name="home"),
    # about oneself
    path("me/", account.me, name="me"),
    path("me/tokens/<int:token_id>/revoke/", account.revoke, name="token-revoke"),
    path("health/", account.health, name="health"),
    # projects
    path("projects/new/", projects.project_new, name="project-new"),
    path("p/<slug:slug>/", projects.project, name="project"),
    path("p/<slug:slug>/measure/", projects.measure, name="project-measure"),
    path("p/<slug:slug>/measuring/", projects.measuring, name="project-measuring"),
    path("p/<slug:slug>/settings/", projects.project_settings, name="project-settings"),
    path("p/<slug:slug>/settings/status/", projects.project_status, name="project-status"),
    # items
    path("p/<slug:slug>/items/", items.items, name="items"),
    path("p/<slug:slug>/items/<external_id:external_id>/", items.item, name="item"),
    # import
    path("p/<slug:slug>/import/", imports.import_page, name="import"),
    path("p/<slug:slug>/import/history/", imports.import_history, name="import-history"),
    path("p/<slug:slug>/import/send/<slug:kind>/", imports.import_send, name="import-send"),
    path("p/<slug:slug>/import/all/", imports.imports, name="imports"),
    path("p/<slug:slug>/import/<int:batch_id>/", imports.import_report, name="import-report"),
    # people
    path("p/<slug:slug>/people/", people.people, name="people"),
    path("p/<slug:slug>/people/new/", people.person_new, name="person-new"),
    path("p/<slug:slug>/people/<int:member_id>/change/", people.person, name="person"),
    path("p/<slug:slug>/people/<int:member_id>/pause/", people.person_pause, name="person-pause"),
    path("p/<slug:slug>/people/<int:member_id>/remove/", people.person_remove, name="person-remove"),
    path("p/<slug:slug>/people/<int:member_id>/", profile.profile, name="profile"),
    path("p/<slug:slug>/routing/", control_room.routing, name="routing"),
    path("p/<slug:slug>/routing/why/", why.reasons, name="routing-reasons"),
    path("p/<slug:slug>/routing/slices/", control_room.slices, name="routing-slices"),
    path("p/<slug:slug>/routing/suggest/", control_room.suggest, name="routing-suggest"),
    path("p/<slug:slug>/routing/assign/", control_room.assign, name="routing-assign"),
    path("p/<slug:slug>/routing/seats/<int:seat_id>/let-go/", control_room.let_go, name="routing-let-go"),
    path("p/<slug:slug>/routing/leases/<uuid:lease_id>/release/", control_room.release, name="routing-release"),
    path("p/<slug:slug>/routing/rounds/<str:key>/", control_room.round_state, name="routing-round"),
    # quality
    path("p/<slug:slug>/agreement/", agreement.agreement, name="agreement"),
    path("p/<slug:slug>/agreement/csv/", agreement.agreement_csv, name="agreement-csv"),
    path("p/<slug:slug>/agreement/items/", agreement.agreement_items, name="agreement-items"),
    path("p/<slug:slug>/analyse/", agreement.analyse, name="analyse"),
    path("p/<slug:slug>/jobs/<uuid:job_id>/", jobs.job, name="job"),
    path("p/<slug:slug>/findings/", findings.findings, name="findings"),
    path("p/<slug:slug>/findings/<int:finding_id>/", findings.finding, name="finding"),
    path("p/<slug:slug>/findings/<int:finding_id>/decide/", findings.finding_decide, name="finding-decide"),
    path("p/<slug:slug>/findings/<int:finding_id>/names/", findings.finding_names, name="finding-names"),
    path("p/<slug:slug>/campaigns/", campaigns.campaigns, name="campaigns"),
    path("p/<slug:slug>/campaigns/new/", campaigns.campaign_new, name="campaign-new"),
    path("p/<slug:slug>/campaigns/<int:campaign_id>/", campaigns.campaign, name="campaign"),
    path("p/<slug:slug>/campaigns/<int:campaign_id>/close/", campaigns.campaign_close, name="campaign-close"),
    path("p/<slug:slug>/datasets/", datasets.datasets, name="datasets"),
    path("p/<slug:slug>/datasets/new/", datasets.dataset_new, name="dataset-new"),
    path("p/<slug:slug>/datasets/policy/", datasets.dataset_policy, name="dataset-policy"),
    path("p/<slug:slug>/datasets/<uuid:snapshot_id>/", datasets.dataset, name="dataset"),
    path("p/<slug:slug>/datasets/<uuid:snapshot_id>/verify/", datasets.dataset_verify, name="dataset-verify"),
    path("p/<slug:slug>/datasets/<uuid:snapshot_id>/again/", datasets.dataset_again, name="dataset-again"),
    path("p/<slug:slug>/datasets/<uuid:snapshot_id>/diff/<uuid:other_id>/", datasets.dataset_diff, name="dataset-diff"),
    path("methods/", methods.methods, name="methods"),
    # routing
    path("p/<slug:slug>/routing/contracts/", contracts.contracts, name="contracts"),
    path("p/<slug:slug>/routing/contracts/new/", contracts.contract_new, name="contract-new"),
    path("p/<slug:slug>/routing/contracts/<int:number>/", contracts.contract, name="contract"),
    path("p/<slug:slug>/routing/contracts/<int:number>/end/", contracts.contract_end, name="contract-end"),
    path("p/<slug:slug>/routing/pairs/", routing.pairs, name="pairs"),
    path("p/<slug:slug>/routing/rules/", routing.rules, name="routing-rules"),
    path("p/<slug:slug>/routing/rules/save/", routing.rules_save, name="routing-rules-save"),
    # workbench
    path("p/<slug:slug>/label/", workbench.workbench, name="workbench"),
    path("p/<slug:slug>/label/claim/", workbench.claim, name="workbench-claim"),
    path("p/<slug:slug>/label/skip/", workbench.skip, name="workbench-skip"),
    path("p/<slug:slug>/label/undo/", workbench.undo, name="workbench-undo"),
    path("p/<slug:slug>/label/pause/", workbench.pause, name="workbench-pause"),
    path("p/<slug:slug>/label/<uuid:lease_id>/submit/", workbench.submit, name="workbench-submit"),
    path("p/<slug:slug>/label/<uuid:lease_id>/draft/", workbench.draft, name="workbench-draft"),
    path("p/<slug:slug>/label/<uuid:lease_id>/renew/", workbench.renew, name="workbench-renew"),
    # guidelines
    path("g/", guidelines.guidelines, name="guidelines"),
    path("g/new/", guidelines.guideline_new, name="guideline-new"),
    path("g/<slug:slug>/", guidelines.guideline, name="guideline"),
    path("g/<slug:slug>/versions/", guidelines.guideline_versions, name="guideline-versions"),
    path(
        "g/<slug:slug>/versions/<str:number>/restore/", guideline_publishing.guideline_restore, name="guideline-restore"
    ),
    path("g/<slug:slug>/diff/", guidelines.guideline_diff, name="guideline-diff"),
    path("g/<slug:slug>/publish/", guideline_publishing.guideline_publish, name="guideline-publish"),
    path("g/<slug:slug>/discard/", guideline_publishing.guideline_discard, name="guideline-discard"),
    path("g/<slug:slug>/edit/", guideline_editor.guideline_edit, name="guideline-edit"),
    path("g/<slug:slug>/edit/new/<str:kind>/", guideline_editor.guideline_part_new, name="guideline-part-new"),
    path("g/<slug:slug>/edit/<str:kind>/<str:key>/", guideline_editor.guideline_part, name="guideline-part"),
    path(
        "g/<slug:slug>/edit/<str:kind>/<str:key>/move/",
        guideline_editor.guideline_part_move,
        name="guideline-part-move",
    ),
    path(
        "g/<slug:slug>/edit/<str:kind>/<str:key>/remove/",
        guideline_editor.guideline_part_remove,
        name="guideline-part-remove",
    ),
    path(
        "g/<slug:slug>/edit/<str:kind>/<str:key>/preview/", guideline_editor.guideline_preview, name="guideline-preview"
    ),
]
