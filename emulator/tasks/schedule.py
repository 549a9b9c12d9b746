"""SCHEDULE: when a task starts next."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterError, croniter

from emulator.errors import SqlError
from emulator.tasks.errors import invalid_schedule, refused

_INTERVAL = re.compile(r"\+?([0-9]+)[ \t\r\n]([a-z]+)[ \t\r\n]*", re.IGNORECASE)
_SECONDS = {"S": 1, "SECOND": 1, "M": 60, "MINUTE": 60, "H": 3600, "HOUR": 3600}
_CRON = re.compile(r"USING\s+CRON\s+(.*\S)\s+(\S+)\s*", re.IGNORECASE | re.DOTALL)
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_LEAST = (0, 0, 1, 1, 0)  # of minute, hour, day of the month, month, day of the week
_MOST = (59, 23, 31, 12, 6)
_LOWEST, _HIGHEST = timedelta(seconds=10), timedelta(minutes=11520)


@dataclass(frozen=True, slots=True)
class Interval:
    """Every so often, counted from the moment at which the task was resumed."""

    every: timedelta

    def next_start(self, after: datetime, resumed: datetime) -> datetime:
        """The first start later than `after`."""
        if after < resumed:
            return resumed + self.every
        return resumed + (math.floor((after - resumed) / self.every) + 1) * self.every


@dataclass(frozen=True, slots=True)
class Cron:
    """At the times of a cron expression in a time zone.

    A local time that the clock skips in spring does not start the task; one that it shows twice in autumn starts it
    twice ("Task scheduling and daylight saving time" in Snowflake's guide to tasks).
    """

    expression: str
    zone: str

    def next_start(self, after: datetime, resumed: datetime) -> datetime:  # noqa: ARG002 - as of an interval
        """The first start later than `after`, in UTC."""
        times = croniter(self.expression, after.astimezone(ZoneInfo(self.zone)))
        while True:
            start: datetime = times.get_next(datetime)
            # croniter moves a skipped local time to the end of the gap
            if croniter.match(self.expression, start.replace(tzinfo=None)):
                return start.astimezone(UTC)


Schedule = Interval | Cron


@lru_cache(maxsize=256)
def parse_schedule(text: str) -> Schedule:
    """The schedule of a task. Raises Snowflake's errors for what it does not take."""
    cron = _CRON.fullmatch(text)
    if cron:
        return _cron(cron[1].split(), cron[2])
    interval = _INTERVAL.fullmatch(text)
    unit = interval[2].upper() if interval else ""
    one = _SECONDS.get(unit) or _SECONDS.get(unit.removesuffix("S") if len(unit) > 2 else "")
    if interval is None or one is None or int(interval[1]) == 0:
        raise invalid_schedule()
    seconds = int(interval[1]) * one
    if seconds < _LOWEST.total_seconds():
        raise refused("Cannot set schedule less than 10 seconds.")
    if seconds > _HIGHEST.total_seconds():
        raise refused("Cannot set schedule greater than 11,520 minutes.")
    return Interval(timedelta(seconds=seconds))


def _cron(fields: list[str], zone: str) -> Cron:
    known = {name.lower(): name for name in available_timezones()}.get(zone.lower())
    if known is None:
        raise invalid_schedule(
            f'"{zone}" is not a recognized time zone. Please specify time zones accepted by the TIMEZONE parameter.'
        )
    if len(fields) != 5:
        raise invalid_schedule()
    for i, field in enumerate(fields):
        if not all(_is_part(part.upper(), i) for part in field.split(",")):
            raise invalid_schedule()
    last = re.compile(rf"\b([0-6]|{'|'.join(_DAYS)})L\b")  # croniter writes the last Friday L5
    day = last.sub(lambda match: f"L{_number(match[1], 4)}", fields[4].upper())
    schedule = Cron(" ".join([*fields[:4], day]), known)
    try:
        schedule.next_start(datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC))
    except CroniterError as error:
        if "failed to find" in str(error):
            raise _never() from None
        raise invalid_schedule() from None
    return schedule


def _never() -> SqlError:
    return refused("No valid time could be found under the schedule and/or interval specified")


def _number(value: str, index: int) -> int:
    """The number of a field's value; -1 for a word that does not belong there."""
    if value.isdigit():
        return int(value)
    words = {3: _MONTHS, 4: _DAYS}.get(index, [])
    return words.index(value) + (index == 3) if value in words else -1


def _is_part(part: str, index: int) -> bool:
    """Whether one item of a field's list is `*`, a value or a range, with or without a step, or an `L` form."""
    if index == 2 and part == "L":
        return True
    if index == 4 and len(part) > 1 and part.endswith("L"):
        return 0 <= _number(part[:-1], 4) <= 6
    match = re.fullmatch(r"(?:\*|(\w+)(?:-(\w+))?)(?:/([0-9]+))?", part)
    if match is None or (match[3] and int(match[3]) == 0):
        return False
    numbers = [_number(value, index) for value in match.groups()[:2] if value]
    return all(_LEAST[index] <= number <= _MOST[index] for number in numbers) and numbers == sorted(numbers)
