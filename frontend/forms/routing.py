"""The rules of the queue as a form: each says what it does and what it costs."""

import zoneinfo
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from annotation.models import Member, Project, Routing
from frontend.forms.refusals import show_refusal

DEFAULT_CERTAINTY = 95


def _percent(label: Any, help_text: Any, *, most: float = 100, required: bool = False) -> forms.FloatField:
    return forms.FloatField(label=label, help_text=help_text, required=required, min_value=0, max_value=most)


class RulesForm(forms.Form):
    """What is empty is off."""

    max_labels = forms.IntegerField(
        label=_("Labels at most, where people disagree"), required=False, min_value=1, max_value=50,
        help_text=_(
            "Adaptive overlap: an item gets another label while its best one is not sure enough, up to so many; "
            "then it goes to the lead. Sure ones stop early, which saves labels. Empty: every item gets the "
            "number set for it."
        ),
    )  # fmt: skip
    stop_percent = _percent(
        _("Sure enough at, in %"),
        _("The probability of the best label, given who answered how. 99 asks for more labels than 95 and errs less."),
    )
    shared_per_pair = forms.IntegerField(
        label=_("Items that every two people share"), required=False, min_value=0, max_value=1000,
        help_text=_(
            "Seats beside colleagues are offered first until every pair has so many, so that every pair's "
            "agreement can be measured. Costs no label; items come in another order."
        ),
    )  # fmt: skip
    gold_percent = _percent(
        _("Gold, in % of what a person gets in a day"),
        _("Known answers mixed in, told apart by nothing. Each costs one label that adds no new item."), most=50,
    )  # fmt: skip
    gold_mode = forms.ChoiceField(
        label=_("What follows an answer to gold"), widget=forms.RadioSelect, choices=[
            ("silent", _("nothing: it measures what people do unwatched")),
            ("teaching", _("the right answer and its reason: it teaches, and shows which items were gold")),
        ],
    )  # fmt: skip
    repeat_percent = _percent(
        _("Hidden repeats, in % of what a person gets in a day"),
        _("Items the person has answered before: does the same person give the same answer? Each costs one label."),
        most=50,
    )  # fmt: skip
    gold_floor_percent = _percent(
        _("Pause people whose gold accuracy is under, in %"),
        _(
            "Only when it is proven: the upper end of its interval lies under this. The evidence is kept. "
            "Empty: nobody is paused by a rule."
        ),
    )  # fmt: skip
    gold_floor_least = forms.IntegerField(
        label=_("Gold answers before anybody is judged"), min_value=5,
        help_text=_("More of them: fewer people paused by bad luck, and later."),
    )  # fmt: skip
    max_per_day = forms.IntegerField(
        label=_("Answers of one person in a day, at most"), required=False, min_value=1,
        help_text=_("After that they get nothing until the next day. Work takes longer with few people."),
    )  # fmt: skip
    max_share_percent = _percent(
        _("Share of all items that one person may answer, in %"),
        _("Keeps the data from being one person's opinion. Too low for the people there are, and work stops."),
    )  # fmt: skip
    time_zone = forms.ChoiceField(label=_("Time zone in which a day begins"))
    prelabel_model = forms.ChoiceField(
        label=_("Pre-labels of"), required=False,
        help_text=_(
            "A model whose predictions are shown as a first answer. It saves time and pulls answers towards the "
            "model."
        ),
    )  # fmt: skip
    prelabel_percent = _percent(
        _("Shown on, in % of the items that have one"),
        _(
            "The rest is answered unaided, drawn by chance, so that the pull can be measured: 50 measures it "
            "best, 100 not at all."
        ),
    )  # fmt: skip

    REFUSED_AT = {
        "overlap.adaptive.max_labels": "max_labels", "overlap.adaptive.stop_at_posterior": "stop_percent",
        "overlap.shared_per_pair": "shared_per_pair", "overlap": "max_labels", "gold_rate": "gold_percent",
        "routing.gold_mode": "gold_mode", "routing.repeat_rate": "repeat_percent",
        "routing.gold_floor": "gold_floor_percent", "routing.gold_floor_least": "gold_floor_least",
        "routing.max_per_day": "max_per_day", "routing.max_share": "max_share_percent",
        "routing.time_zone": "time_zone", "routing.prelabel_model": "prelabel_model",
        "routing.prelabel_share": "prelabel_percent",
    }  # fmt: skip

    GROUPS = (
        (_("How many labels"), ("max_labels", "stop_percent", "shared_per_pair")),
        (_("Gold and hidden repeats"), (
            "gold_percent", "gold_mode", "repeat_percent", "gold_floor_percent", "gold_floor_least",
        )),
        (_("How much one person does"), ("max_per_day", "max_share_percent", "time_zone")),
        (_("Pre-labels"), ("prelabel_model", "prelabel_percent")),
    )  # fmt: skip

    def __init__(self, data: QueryDict | None, *, project: Project, routing: Routing, may_change: bool) -> None:
        super().__init__(data, initial=_initial(project, routing))
        self.project = project
        zones = sorted(zoneinfo.available_timezones() | {routing.time_zone})
        self.fields["time_zone"].choices = [(name, name) for name in zones]  # type: ignore[attr-defined]
        models = Member.objects.filter(project=project, kind=Member.Kind.MODEL, is_active=True).order_by("name")
        names = [(name, name) for name in models.values_list("name", flat=True)]
        self.fields["prelabel_model"].choices = [("", _("no model")), *names]  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.disabled = not may_change

    @property
    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names]) for title, names in self.GROUPS]

    def wanted(self) -> dict[str, Any]:
        """The changes as `change_project` takes them."""
        given = self.cleaned_data
        return {
            "overlap": self._overlap(), "gold_rate": _share(given["gold_percent"]) or 0.0,
            "routing": {
                "gold_mode": given["gold_mode"], "repeat_rate": _share(given["repeat_percent"]) or 0.0,
                "gold_floor": _share(given["gold_floor_percent"]), "gold_floor_least": given["gold_floor_least"],
                "max_per_day": given["max_per_day"], "max_share": _share(given["max_share_percent"]),
                "time_zone": given["time_zone"], "prelabel_model": given["prelabel_model"] or None,
                "prelabel_share": _share(given["prelabel_percent"]) or 0.0,
            },
        }  # fmt: skip

    def _overlap(self) -> dict[str, Any]:
        """The project's policy; what this form does not show stays."""
        given = self.cleaned_data
        shown = ("adaptive", "shared_per_pair")
        policy = {name: value for name, value in self.project.overlap.items() if name not in shown}
        if given["max_labels"] is not None:
            certainty = given["stop_percent"] if given["stop_percent"] is not None else DEFAULT_CERTAINTY
            policy["adaptive"] = {"max_labels": given["max_labels"], "stop_at_posterior": certainty / 100}
        return policy | ({"shared_per_pair": given["shared_per_pair"]} if given["shared_per_pair"] else {})

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal, self.REFUSED_AT)


def _initial(project: Project, routing: Routing) -> dict[str, Any]:
    adaptive = project.overlap.get("adaptive", {})
    return {
        "max_labels": adaptive.get("max_labels"), "shared_per_pair": project.overlap.get("shared_per_pair"),
        "stop_percent": _shown(adaptive.get("stop_at_posterior", DEFAULT_CERTAINTY / 100)),
        "gold_percent": _shown(project.gold_rate), "gold_mode": routing.gold_mode,
        "repeat_percent": _shown(routing.repeat_rate), "gold_floor_percent": _shown(routing.gold_floor),
        "gold_floor_least": routing.gold_floor_least, "max_per_day": routing.max_per_day,
        "max_share_percent": _shown(routing.max_share), "time_zone": routing.time_zone,
        "prelabel_model": routing.prelabel_model.name if routing.prelabel_model else "",
        "prelabel_percent": _shown(routing.prelabel_share),
    }  # fmt: skip


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _shown(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.6g}"
