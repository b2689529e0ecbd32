"""When the labels will be there: paces, weekends, and the cases without a forecast."""

from datetime import date, timedelta

from annotation.forecast import forecast

MONDAY = date(2026, 3, 16)


def days(*counts: int, last: date = MONDAY) -> list[tuple[date, int]]:
    return [(last - timedelta(days=len(counts) - 1 - n), count) for n, count in enumerate(counts)]


def test_an_even_pace_reaches_the_end_in_labels_by_pace() -> None:
    found = forecast(500, days(*[100] * 8))

    assert (found.pace, found.slow_pace, found.fast_pace) == (100, 100, 100)
    assert found.expected == found.earliest == found.latest == MONDAY + timedelta(days=5)


def test_free_weekends_make_it_later_by_their_share() -> None:
    """Two weeks of five days: 500 labels are five days of work, which are seven days of the calendar."""
    two_weeks = [*[100] * 5, 0, 0, *[100] * 5, 0, 0]

    found = forecast(500, days(*two_weeks[:-1], 0, 100))

    assert (found.days_with_work, found.days_looked_at) == (10, 14)
    assert found.expected == MONDAY + timedelta(days=7)


def test_a_slow_and_a_fast_day_give_the_range() -> None:
    found = forecast(1000, days(50, 100, 100, 100, 200, 200, 200, 3))

    assert (found.slow_pace, found.pace, found.fast_pace) == (100, 100, 200)
    assert found.earliest == MONDAY + timedelta(days=5)
    assert found.expected == found.latest == MONDAY + timedelta(days=10)


def test_only_the_last_seven_days_with_work_set_the_pace() -> None:
    assert forecast(100, days(*[9000] * 5, *[10] * 7, 0)).pace == 10


def test_today_is_not_over_and_sets_no_pace() -> None:
    assert forecast(100, days(10, 10, 10, 1)).pace == 10


def test_days_before_the_first_answer_are_no_idle_days() -> None:
    found = forecast(30, days(0, 0, 0, 0, 10, 10, 10, 5))

    assert (found.days_looked_at, found.expected) == (3, MONDAY + timedelta(days=3))


def test_nothing_left_needs_no_forecast() -> None:
    assert (forecast(0, days(5, 5, 5, 5)).reason, forecast(0, days(0)).expected) == ("nothing_left", None)


def test_nobody_in_a_week_is_no_forecast() -> None:
    assert forecast(10, days(*[10] * 7, *[0] * 7)).reason == "nobody_answered"
    assert forecast(10, days(*[10] * 7, *[0] * 6)).reason == ""


def test_two_days_say_nothing_about_a_pace() -> None:
    found = forecast(10, days(0, 5, 5, 5))

    assert (found.reason, found.days_with_work, found.expected) == ("too_few_days", 2, None)


def test_an_end_beyond_ten_years_has_no_date() -> None:
    found = forecast(10_000_000, days(1, 1, 1, 1))

    assert (found.expected, found.latest, found.pace) == (None, None, 1)
