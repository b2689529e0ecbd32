from datetime import UTC, datetime, timedelta

import pytest

from frontend.wording import count, decimals_for, duration, figure, p_value, percent, relative_time

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_figure_shows_value_interval_and_n_together() -> None:
    assert plain(figure(0.7123, 0.6612, 0.7523, 412).text) == "0.71 [0.66, 0.75] n = 412"


@pytest.mark.parametrize(
    ("half_width", "decimals"),
    [(0.012, 3), (0.0354, 3), (0.045, 2), (0.15, 2), (0.4, 1), (0.97, 1), (4.0, 0), (25.0, 0)],
)
def test_digits_follow_the_interval(half_width: float, decimals: int) -> None:
    assert decimals_for(half_width) == decimals


@pytest.mark.parametrize(("n", "decimals"), [(4, 1), (10, 2), (400, 2), (10_000, 3), (0, 2)])
def test_without_an_interval_digits_follow_n(n: int, decimals: int) -> None:
    assert decimals_for(n=n) == decimals


def test_wide_interval_takes_digits_away() -> None:
    assert plain(figure(0.4123, 0.01, 0.79, 9).text) == "0.4 [0.0, 0.8] n = 9"


def test_negative_value_has_a_true_minus_and_zero_has_none() -> None:
    assert figure(-0.123, -0.2, -0.05).value == "\u22120.12"
    assert figure(-0.001, -0.2, 0.1).value == "0.00"


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_undefined_figure_is_a_dash_with_its_reason_and_keeps_n(value: float | None) -> None:
    words = figure(value, None, None, 3, reason="one annotator only")

    assert words.value == "\u2013"
    assert words.reason == "one annotator only"
    assert plain(words.n) == "n = 3"
    assert words.is_defined is False


def test_undefined_figure_without_a_reason_still_says_something() -> None:
    assert figure(None).reason == "not enough data to say"


def test_percent_figure_gives_the_interval_in_percent() -> None:
    assert plain(figure(0.614, 0.52, 0.71, 99, as_percent=True).text) == "61 % [52, 71] n = 99"


@pytest.mark.parametrize(
    ("share", "n", "text"), [(0.614, None, "61 %"), (0.6144, 40_000, "61.4 %"), (None, 3, "\u2013")]
)
def test_percent(share: float | None, n: int | None, text: str) -> None:
    assert plain(percent(share, n)) == text


@pytest.mark.parametrize(("n", "text"), [(0, "0 items"), (1, "1 item"), (12400, "12 400 items")])
def test_count(n: int, text: str) -> None:
    assert plain(count(n, "item", "items")) == text


@pytest.mark.parametrize(
    ("p", "text"), [(0.0004, "p < 0.001"), (0.0123, "p = 0.012"), (0.34, "p = 0.34"), (1.0, "p = 1.00")]
)
def test_p_value(p: float, text: str) -> None:
    assert plain(p_value(p)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0 s"), (2.13, "2.1 s"), (9.96, "10 s"), (45, "45 s"), (59.7, "1 min"), (600, "10 min"),
        (5040, "84 min"), (3600 * 1.44 + 3600, "2.4 hours"), (3600 * 26, "26 hours"), (86400 * 3, "3 days"),
    ],
)  # fmt: skip
def test_duration_has_two_digits_at_most(seconds: float, text: str) -> None:
    assert plain(duration(seconds)) == text
    assert plain(duration(timedelta(seconds=seconds))) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=4), "4 min ago"),
        (timedelta(hours=2), "2 hours ago"),
        (-timedelta(hours=1, minutes=40), "in 2 hours"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=40), "8 Feb 2026"),
    ],
)
def test_relative_time(ago: timedelta, text: str) -> None:
    assert plain(relative_time(NOW - ago, NOW)) == text
