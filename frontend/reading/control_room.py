"""The control room in sentences and plots. Figures come from selectors; here they become words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from annotation.forecast import LEAST_DAYS, SILENT_DAYS, Forecast
from annotation.models import Round
from annotation.selectors.control_room import Backlog, ControlRoom, Pace, Times
from annotation.selectors.progress import RoundProgress
from annotation.selectors.savings import Savings
from annotation.selectors.slices import SliceKey, SliceProgress
from frontend.plots import BarPlot, Progress, bar_plot, progress_bar
from frontend.wording import count, duration, percent, whole

STATE_BADGES = {"open": "good", "paused": "warn", "closed": ""}


@dataclass(frozen=True)
class RoundRow:
    """A round with its bar, and what a lead may do with it: none of it for a closed one."""

    key: str
    state: str
    state_kind: str
    bar: Progress
    note: str
    may_pause: bool
    may_resume: bool
    may_close: bool
    is_campaign: bool


def round_rows(rounds: Sequence[RoundProgress]) -> list[RoundRow]:
    return [_round_row(each) for each in rounds]


def _round_row(each: RoundProgress) -> RoundRow:
    words = {"open": _("runs"), "paused": _("paused"), "closed": _("closed")}[each.state]
    tasks = _("%(done)s of %(tasks)s tasks done") % {"done": whole(each.done), "tasks": whole(each.tasks)}
    is_open = each.state != Round.State.CLOSED
    return RoundRow(
        key=each.key, state=words, state_kind=STATE_BADGES[each.state],
        bar=progress_bar(each.labels, each.wanted, each.leased), note=tasks,
        may_pause=each.state == Round.State.OPEN, may_resume=each.state == Round.State.PAUSED,
        may_close=is_open and each.kind == Round.Kind.INITIAL, is_campaign=is_open and each.kind == Round.Kind.RELABEL,
    )  # fmt: skip


@dataclass(frozen=True)
class SliceRow:
    value: str
    progress: SliceProgress
    bar: Progress


@dataclass(frozen=True)
class SliceTable:
    """One key with its values; the sentence names the one that is furthest behind."""

    key: str
    sentence: str
    rows: list[SliceRow]
    more: str


def slice_tables(keys: Sequence[SliceKey]) -> list[SliceTable]:
    return [_slice_table(key) for key in keys]


def _slice_table(key: SliceKey) -> SliceTable:
    rows = [
        SliceRow(each.value or _("without it"), each, progress_bar(each.labels, each.wanted)) for each in key.values
    ]
    more = _("and %(n)s rarer values") % {"n": whole(key.more_values)} if key.more_values > 0 else ""
    return SliceTable(key.key, _furthest_behind(key.values), rows, more)


def _furthest_behind(values: Sequence[SliceProgress]) -> str:
    wanting = [each for each in values if each.wanted > each.labels]
    if not wanting:
        return _("Every label asked for is given.")
    worst = min(wanting, key=lambda each: each.labels / each.wanted)
    name = worst.value or _("items without it")
    figures = {"value": name, "labels": whole(worst.labels), "wanted": whole(worst.wanted)}
    return _("Furthest behind: %(value)s, with %(labels)s of %(wanted)s labels.") % figures


def hours_plot(pace: Pace) -> tuple[str, BarPlot]:
    """The last day by the hour, under a sentence."""
    total = sum(n for _hour, n in pace.hours)
    bars = [(f"{hour:%H:%M}", n) for hour, n in pace.hours]
    if not total:
        return _("Nobody has answered in the last 24 hours."), bar_plot(bars)
    hour, most = max(pace.hours, key=lambda each: each[1])
    sentence = _("%(total)s in the last 24 hours; most, %(most)s, in the hour from %(hour)s.")
    words = {"total": count(total, _("answer"), _("answers")), "most": whole(most), "hour": f"{hour:%H:%M}"}
    return sentence % words, bar_plot(bars)


def days_plot(pace: Pace) -> tuple[str, BarPlot]:
    """The last fortnight by the day, under a sentence."""
    bars = [(date_format(day, "j M"), n) for day, n in pace.days]
    active = [n for _day, n in pace.days if n]
    if not active:
        return _("Nobody has answered in the last 14 days."), bar_plot(bars)
    sentence = _("%(total)s on %(days)s of the last 14; today %(today)s so far.")
    words = {
        "total": count(sum(active), _("answer"), _("answers")), "days": count(len(active), _("day"), _("days")),
        "today": whole(pace.days[-1][1]),
    }  # fmt: skip
    return sentence % words, bar_plot(bars)


def times_sentence(times: Times) -> str:
    """Half of the answers take less than the median, nine tenths less than the other."""
    if times.median is None or times.p90 is None:
        return _("No answer of the last 7 days came with the time it took.")
    words = {"median": duration(times.median), "p90": duration(times.p90), "n": whole(times.n)}
    told = _("An answer takes %(median)s, one in ten more than %(p90)s (n = %(n)s, 7 days).") % words
    if times.n_without:
        told += " " + _("%(n)s came without a time.") % {"n": count(times.n_without, _("answer"), _("answers"))}
    return told


def backlog_sentence(backlog: Backlog) -> str:
    if not backlog.tasks or backlog.oldest is None or backlog.median is None:
        return _("Nothing waits.")
    words = {
        "tasks": count(backlog.tasks, _("task waits"), _("tasks wait")),
        "labels": count(backlog.labels, _("label"), _("labels")), "oldest": duration(backlog.oldest),
        "median": duration(backlog.median),
    }  # fmt: skip
    return _("%(tasks)s for %(labels)s: the oldest for %(oldest)s, half of them for %(median)s or more.") % words


def forecast_sentence(found: Forecast) -> str:
    """When it will be done, or why nobody can say."""
    labels = count(found.labels_left, _("label"), _("labels"))
    if found.reason == "nothing_left":
        return _("Every label asked for is given.")
    if found.reason == "nobody_answered":
        return _("No forecast: nobody has answered in %(n)s days. %(labels)s are left.") % {
            "n": SILENT_DAYS, "labels": labels,
        }  # fmt: skip
    if found.reason == "too_few_days":
        return _("No forecast yet: it needs %(n)s whole days with answers. %(labels)s are left.") % {
            "n": LEAST_DAYS, "labels": labels,
        }  # fmt: skip
    return _reckoned(found, labels)


def _reckoned(found: Forecast, labels: str) -> str:
    far = _("more than ten years from now")
    words = {
        "labels": labels, "pace": whole(round(found.pace or 0)), "expected": _day(found.expected) or far,
        "earliest": _day(found.earliest) or far, "latest": _day(found.latest) or far,
        "days": whole(found.days_with_work), "looked": whole(found.days_looked_at),
    }  # fmt: skip
    return _(
        "Done about %(expected)s, between %(earliest)s and %(latest)s: %(labels)s left, %(pace)s on a day with work,"
        " and work on %(days)s of the last %(looked)s days."
    ) % words  # fmt: skip


def _day(at: date | None) -> str:
    return date_format(at, "j M Y") if at else ""


def as_of(room: ControlRoom) -> str:
    return _("Days and hours in the time zone %(zone)s.") % {"zone": room.time_zone}


def savings_sentence(savings: Savings) -> str:
    """What adaptive overlap has saved; "" where no task of it has come to an end."""
    if savings.share_saved is None:
        return ""
    facts = {
        "tasks": count(savings.tasks_settled, _("item"), _("items")), "given": whole(savings.labels_given),
        "fixed": whole(savings.labels_fixed), "share": percent(savings.share_saved),
    }  # fmt: skip
    words = _(
        "Adaptive overlap has settled %(tasks)s and took %(given)s labels of the %(fixed)s it might have: "
        "%(share)s saved."
    )
    if not savings.to_adjudication:
        return words % facts
    left = count(savings.to_adjudication, _("item is"), _("items are"))
    return words % facts + " " + _("%(left)s left to the lead, because people go on disagreeing.") % {"left": left}
