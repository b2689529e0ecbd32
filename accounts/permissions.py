"""Who may do what: roles, capabilities, token scopes. Pure tables; where a role comes from is not decided here."""

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    LEAD = "lead"
    ENGINEER = "engineer"
    ADJUDICATOR = "adjudicator"
    ANNOTATOR = "annotator"


class Scope(StrEnum):
    READ = "read"
    IMPORT = "import"
    LABEL = "label"
    EXPORT = "export"
    MANAGE = "manage"


class Capability(StrEnum):
    """One thing a view or endpoint lets a person do. Every view declares exactly one."""

    PUBLIC = "public"  # anybody, signed in or not
    SIGNED_IN = "signed_in"  # about oneself: profile, tokens, list of one's projects
    MANAGE_TOKENS = "manage_tokens"  # make and revoke one's own
    MANAGE_PEOPLE = "manage_people"  # users of the whole installation: owners
    SEE_HEALTH = "see_health"
    START_PROJECT = "start_project"  # make guidelines and projects
    VIEW_PROJECT = "view_project"  # know that it exists, its settings
    VIEW_ITEMS = "view_items"  # items with everybody's labels: never for annotators (blindness)
    VIEW_QUALITY = "view_quality"
    RUN_QUALITY = "run_quality"
    IMPORT = "import"
    LABEL = "label"
    ADJUDICATE = "adjudicate"
    MANAGE_PROJECT = "manage_project"
    MANAGE_MEMBERS = "manage_members"
    RELABEL = "relabel"
    EXPORT = "export"
    READ_GUIDELINE = "read_guideline"
    EDIT_GUIDELINE = "edit_guideline"


_C = Capability
_ANNOTATOR = {_C.VIEW_PROJECT, _C.LABEL, _C.READ_GUIDELINE}
_ADJUDICATOR = {_C.VIEW_PROJECT, _C.VIEW_ITEMS, _C.ADJUDICATE, _C.READ_GUIDELINE, _C.LABEL}
_ENGINEER = {
    _C.VIEW_PROJECT, _C.VIEW_ITEMS, _C.VIEW_QUALITY, _C.RUN_QUALITY, _C.IMPORT, _C.EXPORT, _C.READ_GUIDELINE,
}  # fmt: skip
_LEAD = _ANNOTATOR | _ADJUDICATOR | _ENGINEER | {
    _C.MANAGE_PROJECT, _C.MANAGE_MEMBERS, _C.RELABEL, _C.EDIT_GUIDELINE,
}  # fmt: skip

PROJECT_CAPABILITIES: dict[Role, frozenset[Capability]] = {
    Role.ANNOTATOR: frozenset(_ANNOTATOR),
    Role.ADJUDICATOR: frozenset(_ADJUDICATOR),
    Role.ENGINEER: frozenset(_ENGINEER),
    Role.LEAD: frozenset(_LEAD),
    Role.OWNER: frozenset(_LEAD),
}

# A token needs one scope for each thing it does; `manage` covers what changes rules and people.
SCOPE_OF: dict[Capability, Scope] = {
    _C.SIGNED_IN: Scope.READ,
    _C.MANAGE_TOKENS: Scope.MANAGE,
    _C.MANAGE_PEOPLE: Scope.MANAGE,
    _C.SEE_HEALTH: Scope.READ,
    _C.START_PROJECT: Scope.MANAGE,
    _C.VIEW_PROJECT: Scope.READ,
    _C.VIEW_ITEMS: Scope.READ,
    _C.VIEW_QUALITY: Scope.READ,
    _C.RUN_QUALITY: Scope.MANAGE,
    _C.IMPORT: Scope.IMPORT,
    _C.LABEL: Scope.LABEL,
    _C.ADJUDICATE: Scope.LABEL,
    _C.MANAGE_PROJECT: Scope.MANAGE,
    _C.MANAGE_MEMBERS: Scope.MANAGE,
    _C.RELABEL: Scope.MANAGE,
    _C.EXPORT: Scope.EXPORT,
    _C.READ_GUIDELINE: Scope.READ,
    _C.EDIT_GUIDELINE: Scope.MANAGE,
}


def role_allows(role: str, capability: Capability) -> bool:
    """True if a member with `role` has `capability` inside the project of that membership."""
    try:
        return capability in PROJECT_CAPABILITIES[Role(role)]
    except ValueError:
        return False
