"""The options of `idr_schedule`: every one checked, every problem told at once."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from idr.config.validate import suggestion
from idr.errors import IdrError, Problem

BOUND_WAREHOUSE = "reference"  # the warehouse that the consumer bound to the application
SIZES = ("XSMALL", "SMALL", "MEDIUM", "LARGE", "XLARGE", "XXLARGE")
_INTERVAL = re.compile(r"(\d+)\s*(SECOND|MINUTE|HOUR)S?|(\d+)\s*([SMH])", re.IGNORECASE)
_SECONDS = {"S": 1, "M": 60, "H": 3600}
_LEAST_SECONDS, _MOST_SECONDS = 10, 8 * 86_400  # what Snowflake takes
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_CRON: tuple[tuple[str, int, int, tuple[str, ...], bool], ...] = (  # the last: whether L may stand there
    ("minute", 0, 59, (), False),
    ("hour", 0, 23, (), False),
    ("day of month", 1, 31, (), True),
    ("month", 1, 12, _MONTHS, False),
    ("day of week", 0, 6, _DAYS, True),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Checked options. Times of cron expressions are in `time_zone`; without a warehouse compute is serverless."""

    schedule: str | None = "60 MINUTES"
    cron: str | None = None
    time_zone: str = "UTC"
    mode: str = "INCR"
    max_iters: int = 30
    gate: str = "dry_run"
    warehouse: str | None = None
    serverless_size: str | None = None
    timeout_minutes: int = 60
    retries: int = 0
    suspend_after_failures: int = 10
    weekly_full: str | None = "30 4 * * 0"  # no zone changes its clock at this hour, no hourly run begins
    notify: str | None = None

    @property
    def start(self) -> str:
        """The SCHEDULE of the root."""
        return self.at(self.cron) if self.cron is not None else str(self.schedule)

    def at(self, cron: str) -> str:
        return f"USING CRON {cron} {self.time_zone}"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def parse(options: Mapping[str, Any]) -> Schedule:
    """The schedule that the options describe; what is left out has its default. Raises IDR-601 for each problem."""
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for name, value in ((str(key).lower(), value) for key, value in options.items()):
        check = _CHECKS.get(name)
        if check is None:
            fix = suggestion(name, _CHECKS) or f"Options are {', '.join(_CHECKS)}"
            problems.append(Problem("IDR-601", "there is no such option", f'option "{name}"', fix))
            continue
        try:
            values[name] = check(value)
        except ValueError as error:
            message, _, fix = str(error).partition("|")
            problems.append(Problem("IDR-601", message, f'option "{name}"', fix))
    problems += _together(values)
    if problems:
        raise IdrError(*problems)
    if values.get("cron") is not None:
        values["schedule"] = None
    elif values.get("schedule") is None:
        values.pop("schedule", None)
    return Schedule(**values)


def _together(values: Mapping[str, Any]) -> list[Problem]:
    """Options that exclude each other."""
    found: list[Problem] = []
    for one, other in (("schedule", "cron"), ("warehouse", "serverless_size")):
        if values.get(one) is not None and values.get(other) is not None:
            found.append(Problem("IDR-601", "they exclude each other", f'options "{one}", "{other}"', "Give one"))
    return found


def _bad(value: object, fix: str) -> ValueError:
    return ValueError(f"{value!r} is not allowed|{fix}")


def _one_of(*words: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        for word in words:
            if isinstance(value, str) and value.lower() == word.lower():
                return word
        near = suggestion(str(value), words)
        raise _bad(value, near or f"Give one of {', '.join(words)}")

    return check


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
            raise _bad(value, f"Give a whole number from {least:,} to {most:,}")
        return number

    return check


def _optional(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else check(value)


def _name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r'[A-Za-z_][\w$]{0,254}|"[^"]{1,253}"', value):
        raise _bad(value, 'Give one name, as in SQL: MY_NAME or "my name"')
    return value


def _interval(value: Any) -> str:
    match = _INTERVAL.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise _bad(value, "Write it as '60 MINUTES', '2 HOURS' or '30 SECONDS'; for times of day use the option cron")
    number, unit = int(match[1] or match[3]), (match[2] or match[4])[0].upper()
    if not _LEAST_SECONDS <= number * _SECONDS[unit] <= _MOST_SECONDS:
        raise _bad(value, "Snowflake takes from 10 seconds to 8 days")
    return f"{number} {({'S': 'SECONDS', 'M': 'MINUTES', 'H': 'HOURS'})[unit]}"


def _cron(value: Any) -> str:
    fix = "Write five fields: minute, hour, day of month, month, day of week, such as '0 * * * *'"
    fields = value.split() if isinstance(value, str) else []
    if len(fields) != len(_CRON):
        raise _bad(value, fix)
    for text, (what, least, most, names, last) in zip(fields, _CRON, strict=True):
        if not all(_cron_part(part, least, most, names, last) for part in text.split(",")):
            raise ValueError(f"{value!r} has the {what} {text!r}|It runs from {least} to {most}. {fix}")
    return " ".join(fields).upper()


def _cron_part(part: str, least: int, most: int, names: tuple[str, ...], last: bool) -> bool:
    base, slash, step = part.upper().partition("/")
    if slash and not (step.isdigit() and int(step) > 0):
        return False
    if base == "*" or (last and base == "L"):
        return True
    if last and names and base.endswith("L"):
        base = base[:-1]
    numbers = [_cron_number(text, least, names) for text in base.split("-")]
    return len(numbers) <= 2 and all(n is not None and least <= n <= most for n in numbers)


def _cron_number(text: str, least: int, names: tuple[str, ...]) -> int | None:
    if text in names:
        return names.index(text) + least
    return int(text) if text.isdigit() else None


def _weekly(value: Any) -> str | None:
    return None if value in (None, False) else _cron(value)


def _time_zone(value: Any) -> str:
    known = zoneinfo.available_timezones()
    if not isinstance(value, str) or not re.fullmatch(r"[\w+\-/]+", value) or (known and value not in known):
        raise _bad(value, suggestion(str(value), known) or "Give a name of the IANA list, such as Europe/Berlin")
    return value


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "schedule": _optional(_interval),
    "cron": _optional(_cron),
    "time_zone": _time_zone,
    "mode": _one_of("INCR", "FULL"),
    "max_iters": _whole(1, 1000),
    "gate": _one_of("dry_run", "none"),
    "warehouse": _optional(_name),
    "serverless_size": _optional(_one_of(*SIZES)),
    "timeout_minutes": _whole(1, 7 * 24 * 60),
    "retries": _whole(0, 30),
    "suspend_after_failures": _whole(0, 1_000_000),
    "weekly_full": _weekly,
    "notify": _optional(_name),
}
