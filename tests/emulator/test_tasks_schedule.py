"""SCHEDULE: the next start. The cron expectations of 2026-09-11 were read from the runs of a real account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from emulator.errors import SqlError
from emulator.tasks.schedule import parse_schedule

FRIDAY = datetime(2026, 9, 11, 13, 10, 17, tzinfo=UTC)
INVALID = "Invalid schedule was specified. Please refer to the docs on what constitutes a valid schedule."


def starts(text: str, after: datetime, count: int = 1) -> list[str]:
    schedule = parse_schedule(text)
    found = []
    for _ in range(count):
        after = schedule.next_start(after, after)
        found.append(after.astimezone(UTC).strftime("%Y-%m-%d %H:%M"))
    return found


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("*/7 * * * * UTC", "2026-09-11 13:14"),
        ("0 */2 * * * UTC", "2026-09-11 14:00"),
        ("30 9 * * 1-5 America/Los_Angeles", "2026-09-11 16:30"),
        ("0 2 * * 0 America/Los_Angeles", "2026-09-13 09:00"),
        ("0 12 * * SUN UTC", "2026-09-13 12:00"),
        ("15,45 * * * * UTC", "2026-09-11 13:15"),
        ("10-40/10 * * * * UTC", "2026-09-11 13:20"),
        ("0 6 * * MON-FRI Europe/Warsaw", "2026-09-14 04:00"),
        ("0 0 * * */2 UTC", "2026-09-12 00:00"),
        ("5/15 * * * * UTC", "2026-09-11 13:20"),
        ("0 0 * * MON,3 UTC", "2026-09-14 00:00"),
        ("0 0 * * * utc", "2026-09-12 00:00"),
        ("0 0 * * * Etc/GMT+5", "2026-09-12 05:00"),
        ("0   0  *  *  *   UTC", "2026-09-12 00:00"),
        ("0 0 * JAN-DEC/2 * UTC", "2026-09-12 00:00"),
        ("0 0 1 * MON UTC", "2026-09-14 00:00"),  # either day is enough
        ("0 0 */2 * MON UTC", "2026-09-13 00:00"),
        ("0 0 L * * UTC", "2026-09-30 00:00"),
        ("0 0 L 2 * UTC", "2027-02-28 00:00"),
        ("0 0 * * 5L UTC", "2026-09-25 00:00"),
        ("0 0 * * FRIL UTC", "2026-09-25 00:00"),
        ("0 0 29 2 * UTC", "2028-02-29 00:00"),
    ],
)
def test_cron_starts_when_the_account_starts(cron, expected):
    assert starts(f"USING CRON {cron}", FRIDAY) == [expected]


def test_the_next_start_is_strictly_later():
    assert starts("USING CRON * * * * * UTC", datetime(2026, 9, 11, 13, 14, tzinfo=UTC)) == ["2026-09-11 13:15"]


class TestDaylightSaving:
    """In America/Los_Angeles 2026-03-08 has no 02:xx, and 2026-11-01 has 01:xx twice."""

    def test_a_local_time_that_is_skipped_does_not_start(self):
        before = datetime(2026, 3, 7, 12, tzinfo=UTC)
        cron = "USING CRON 30 2 * * * America/Los_Angeles"
        assert starts(cron, before, 2) == ["2026-03-09 09:30", "2026-03-10 09:30"]

    def test_a_local_time_that_comes_twice_starts_twice(self):
        before = datetime(2026, 10, 31, 12, tzinfo=UTC)
        cron = "USING CRON 0 1 * * * America/Los_Angeles"
        assert starts(cron, before, 3) == ["2026-11-01 08:00", "2026-11-01 09:00", "2026-11-02 09:00"]

    @pytest.mark.parametrize("day", [datetime(2026, 3, 8, 8, tzinfo=UTC), datetime(2026, 11, 1, 7, tzinfo=UTC)])
    def test_an_hourly_cron_stays_hourly(self, day):
        expected = [(day + timedelta(hours=n)).strftime("%Y-%m-%d %H:%M") for n in range(1, 5)]
        assert starts("USING CRON 0 * * * * America/Los_Angeles", day, 4) == expected

    def test_half_an_hour_of_shift(self):
        before = datetime(2026, 4, 4, 14, tzinfo=UTC)  # Lord Howe turns back from 02:00 to 01:30 at 15:00 UTC
        cron = "USING CRON 45 1 * * * Australia/Lord_Howe"
        assert starts(cron, before, 2) == ["2026-04-04 14:45", "2026-04-04 15:15"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("60 MINUTES", 3600), ("60 minute", 3600), ("10 SECONDS", 10), ("90 S", 90), ("1 HOUR", 3600), ("2 h", 7200),
        ("+5 M", 300), ("10 SECONDS  ", 10), ("10\tMINUTE", 600), ("11520 MINUTES", 691_200), ("192 HOURS", 691_200),
    ],
)  # fmt: skip
def test_intervals_count_from_the_resumption(text, seconds):
    schedule = parse_schedule(text)
    assert schedule.next_start(FRIDAY, FRIDAY) == FRIDAY + timedelta(seconds=seconds)
    late = FRIDAY + timedelta(seconds=2.5 * seconds)
    assert schedule.next_start(late, FRIDAY) == FRIDAY + timedelta(seconds=3 * seconds)
    exact = FRIDAY + timedelta(seconds=2 * seconds)
    assert schedule.next_start(exact, FRIDAY) == FRIDAY + timedelta(seconds=3 * seconds)


_NO_INTERVALS = """0 SECONDS|1 DAY| 10 MINUTES|10  MINUTES|5M|1 MINS|1 SEC|1 HR|HS|1 HS|-5 MINUTES|1.5 HOURS|bad|"""
_NO_CRONS = """61 * * * *|*/0 * * * *|10-5 * * * *|0 24 * * *|0 0 0 * *|0 0 32 * *|0 0 1 13 *|0 0 * * 7|0 0 * * L
|0 0 * * 7L|0 0 * * 1#2|0 0 15W * *|0 0 L-3 * *|0 0 ? * *
|0,15, * * * *|* * *|* * * * * *|@hourly|0 0 * * FRI-MON|x * * * *"""


@pytest.mark.parametrize("text", _NO_INTERVALS.split("|"))
def test_what_is_no_interval_is_refused(text):
    with pytest.raises(SqlError) as caught:
        parse_schedule(text)
    assert caught.value.message == INVALID


@pytest.mark.parametrize("cron", _NO_CRONS.replace("\n", "").split("|"))
def test_what_is_no_cron_expression_is_refused(cron):
    with pytest.raises(SqlError) as caught:
        parse_schedule(f"USING CRON {cron} UTC")
    assert caught.value.message == INVALID


@pytest.mark.parametrize("zone", ["PST", "Mars/Phobos", "+01:00", "*"])
def test_an_unknown_time_zone_is_named(zone):
    with pytest.raises(
        SqlError, match=r"is not a recognized time zone\. Please specify time zones accepted by"
    ) as caught:
        parse_schedule(f"USING CRON 0 0 * * * {zone}")
    assert f'"{zone}"' in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9 SECONDS", "Cannot set schedule less than 10 seconds."),
        ("11521 MINUTES", "Cannot set schedule greater than 11,520 minutes."),
        ("193 H", "Cannot set schedule greater than 11,520 minutes."),
        ("USING CRON 0 0 31 2 * UTC", "No valid time could be found under the schedule and/or interval specified"),
    ],
)
def test_limits_are_refused_in_the_accounts_words(text, message):
    with pytest.raises(SqlError) as caught:
        parse_schedule(text)
    assert caught.value.message == message
