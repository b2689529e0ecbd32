"""Numbers into words: a value with its interval and n, durations, times. Never more digits than are known."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

DASH = "\u2013"  # an undefined figure: never 0, 1 or "nan"
MINUS = "\u2212"
THIN = "\u202f"  # narrow no-break space: between a number and its unit, between thousands
MOST_DECIMALS = 3


@dataclass(frozen=True)
class Figure:
    """One figure as text: `value [low, high] n = 412`, or a dash and the reason why it is undefined."""

    value: str
    interval: str = ""
    n: str = ""
    reason: str = ""

    @property
    def is_defined(self) -> bool:
        return self.value != DASH

    @property
    def text(self) -> str:
        if not self.is_defined:
            return f"{DASH} ({self.reason})"
        return " ".join(part for part in (self.value, self.interval, self.n) if part)


def is_known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def decimals_for(half_width: float | None = None, n: int | None = None) -> int:
    """Decimals that an uncertainty of this half width supports.

    The rounding rule of the Particle Data Group (Review of Particle Physics, introduction): an error whose
    leading digits are 100-354 keeps two digits, above that one (950-999 rounds to 1.0, the same place).
    Without an interval the half width of a share over n ratings, about 1/sqrt(n), stands in.
    """
    if half_width is None or not math.isfinite(half_width) or half_width <= 0:
        if not n:
            return 2
        half_width = 1 / math.sqrt(n)
    exponent = math.floor(math.log10(half_width))
    leading = half_width / 10**exponent
    decimals = 1 - exponent if leading < 3.55 else -exponent
    return max(0, min(decimals, MOST_DECIMALS))


def decimal(value: float, decimals: int = 2) -> str:
    """The value with a true minus sign, and never "-0.00"."""
    text = f"{abs(value):.{decimals}f}"
    is_negative = value < 0 and float(text) != 0
    return MINUS + text if is_negative else text


def whole(value: int) -> str:
    return f"{value:,}".replace(",", THIN).replace("-", MINUS)


def count(n: int, one: str, many: str) -> str:
    """`1 item`, `12 400 items`."""
    return f"{whole(n)} {one if n == 1 else many}"


def percent(share: float | None, n: int | None = None) -> str:
    """A share of 0..1 as `61 %`; one decimal only where n supports it."""
    if share is None or not math.isfinite(share):
        return DASH
    decimals = max(0, decimals_for(n=n) - 2) if n else 0
    return f"{decimal(share * 100, decimals)}{THIN}%"


def figure(
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    n: int | None = None,
    *,
    reason: str = "",
    as_percent: bool = False,
) -> Figure:
    """The value with interval and n as text, rounded to what the interval (or else n) supports.

    A value that is None, nan or infinite is the undefined figure with its reason; n is still given.
    """
    n_text = "" if n is None else f"n = {whole(n)}".replace(" ", "\u00a0")
    if value is None or not math.isfinite(value):
        return Figure(DASH, n=n_text, reason=reason or gettext("not enough data to say"))
    half_width = None
    if low is not None and high is not None and math.isfinite(low) and math.isfinite(high):
        half_width = (high - low) / 2
    decimals = decimals_for(half_width, n)
    factor = 1
    if as_percent:
        factor, decimals = 100, max(0, decimals - 2)
    value_text = decimal(value * factor, decimals) + (f"{THIN}%" if as_percent else "")
    if half_width is None or low is None or high is None:
        return Figure(value_text, n=n_text)
    interval = f"[{decimal(low * factor, decimals)},\u00a0{decimal(high * factor, decimals)}]"
    return Figure(value_text, interval, n_text)


def p_value(p: float) -> str:
    """`p = 0.012`, and `p < 0.001` below that."""
    if p < 0.001:
        return "p\u00a0<\u00a00.001"
    return f"p\u00a0=\u00a0{p:.2f}" if p >= 0.095 else f"p\u00a0=\u00a0{p:.2g}"


def duration(length: float | timedelta) -> str:
    """Seconds (or a timedelta) as `2.1 s`, `45 s`, `12 min`, `1.4 hours`, `3 days`: two digits at most."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
    if seconds < 59.5:
        return f"{_two_digits(seconds)}{THIN}s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)}{THIN}min"
    if seconds < 36 * 3600:
        return _in_units(seconds / 3600, gettext("hour"), gettext("hours"))
    return _in_units(seconds / 86400, gettext("day"), gettext("days"))


def _two_digits(value: float) -> str:
    text = f"{value:.1f}" if value < 9.95 else f"{value:.0f}"
    return text.removesuffix(".0")


def _in_units(value: float, one: str, many: str) -> str:
    text = _two_digits(value)
    return f"{text} {one if text == '1' else many}"


def relative_time(at: datetime, now: datetime) -> str:
    """`just now`, `4 min ago`, `in 2 hours`, `3 days ago`; past two weeks, the date."""
    seconds = (now - at).total_seconds()
    size = abs(seconds)
    if size < 45:
        return gettext("just now")
    if size >= 14 * 86400:
        return date_format(at, "j M Y")
    if size < 90 * 60:
        number = max(1, round(size / 60))
        length = f"{number}{THIN}min"
    elif size < 36 * 3600:
        number = round(size / 3600)
        length = ngettext("%(number)s hour", "%(number)s hours", number) % {"number": number}
    else:
        number = round(size / 86400)
        length = ngettext("%(number)s day", "%(number)s days", number) % {"number": number}
    if seconds < 0:
        return gettext("in %(length)s") % {"length": length}
    return gettext("%(length)s ago") % {"length": length}
