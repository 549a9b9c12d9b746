"""The properties and session parameters of a task: their names, the kinds of their values, their ranges."""

from __future__ import annotations

from collections.abc import Callable

from emulator.errors import SqlError, compilation_error
from emulator.tasks.errors import invalid_parameter, invalid_property, refused
from emulator.tasks.schedule import parse_schedule
from emulator.words import Words

Setting = str | int | bool
Check = Callable[[str, Setting], None]

_SIZES = ("XSMALL", "SMALL", "MEDIUM", "LARGE", "XLARGE", "XXLARGE", "XXXLARGE", "X2LARGE", "X3LARGE", "X-SMALL")
_POLICIES = ("NO_OVERLAP", "ALLOW_CHILD_OVERLAP", "ALLOW_ALL_OVERLAP")
_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF")
_WEEK_MS = 604_800_000


def _between(least: int, most: int) -> Check:
    def check(name: str, value: Setting) -> None:
        if not least <= int(value) <= most:
            raise invalid_parameter(name, str(value))

    return check


def _size(name: str, value: Setting) -> None:
    if str(value).upper() not in _SIZES:
        raise invalid_parameter(name, str(value))


def _policy(name: str, value: Setting) -> None:
    if value not in _POLICIES:
        raise compilation_error(f"invalid value '{value}' for property '{name}'", "001422", "22023")


def _level(_: str, value: Setting) -> None:
    if str(value).upper() not in _LEVELS:
        raise refused(f"Invalid value for log level. Allowed values are {','.join(_LEVELS)}.")


def _day(name: str, value: Setting) -> None:
    """TARGET_COMPLETION_INTERVAL is written as an interval schedule, up to a day."""
    try:
        every = getattr(parse_schedule(str(value)), "every", None)
    except SqlError:
        every = None
    if every is None or every.total_seconds() > 86_400:
        raise invalid_parameter(name, str(value))


def _any(_: str, __: Setting) -> None:
    pass


# the type of each value and its check; text and words are both `str`, where `word` may stand without quotes
_PROPERTIES: dict[str, tuple[str, Check]] = {
    "SCHEDULE": ("text", _any),
    "CONFIG": ("text", _any),
    "COMMENT": ("text", _any),
    "TARGET_COMPLETION_INTERVAL": ("text", _day),
    "WAREHOUSE": ("word", _any),
    "ERROR_INTEGRATION": ("word", _any),
    "SUCCESS_INTEGRATION": ("word", _any),
    "OVERLAP_POLICY": ("word", _policy),
    "LOG_LEVEL": ("word", _level),
    "USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE": ("word", _size),
    "SERVERLESS_TASK_MIN_STATEMENT_SIZE": ("word", _size),
    "SERVERLESS_TASK_MAX_STATEMENT_SIZE": ("word", _size),
    "ALLOW_OVERLAPPING_EXECUTION": ("boolean", _any),
    "USER_TASK_TIMEOUT_MS": ("number", _between(0, _WEEK_MS)),
    "SUSPEND_TASK_AFTER_NUM_FAILURES": ("number", _between(0, 2**31 - 1)),
    "TASK_AUTO_RETRY_ATTEMPTS": ("number", _between(0, 30)),
    "USER_TASK_MINIMUM_TRIGGER_INTERVAL_IN_SECONDS": ("number", _between(10, 604_800)),
    # session parameters that a run sets
    "QUERY_TAG": ("word", _any),
    "TIMEZONE": ("word", _any),
    "TRACE_LEVEL": ("word", _any),
    "DATE_INPUT_FORMAT": ("word", _any),
    "DATE_OUTPUT_FORMAT": ("word", _any),
    "TIMESTAMP_INPUT_FORMAT": ("word", _any),
    "TIMESTAMP_OUTPUT_FORMAT": ("word", _any),
    "STATEMENT_TIMEOUT_IN_SECONDS": ("number", _between(0, 604_800)),
    "LOCK_TIMEOUT": ("number", _between(0, 2**31 - 1)),
    "WEEK_START": ("number", _between(0, 7)),
}


def read_names(words: Words) -> list[list[str]]:
    """A list of dotted names."""
    names = [words.name()]
    while words.accept(","):
        names.append(words.name())
    return names


def read_settings(words: Words, settings: dict[str, Setting], once: bool = False, names_only: bool = False) -> set[str]:
    """Read `KEY = value`, or the keys of UNSET, up to the end or, with `once`, a single one; return the keys read."""
    read: set[str] = set()
    while True:
        key = words.identifier()
        if key not in _PROPERTIES:
            raise invalid_property(key)
        read.add(key)
        if not names_only:
            words.expect("=")
            if key in settings:
                raise compilation_error(f"duplicate property '{key}';", "001424", "42601")
            settings[key] = _value(words, key)
        words.accept(",")
        if once or words.ended:
            return read


def _value(words: Words, key: str) -> Setting:
    kind, check = _PROPERTIES[key]
    if key == "WAREHOUSE" and words.accept("REFERENCE ("):  # in an application: what its consumer bound
        name = words.string()
        words.expect(")")
        return f"reference('{name}')"
    quoted = words.sees_string() or words.text[words.position :].startswith('"')
    text = words.value()
    value: Setting = text if quoted or kind in ("number", "boolean", "text") else text.upper()
    if kind == "number":
        if quoted or not text.lstrip("-").isdigit():
            raise invalid_parameter(key, f"'{text}'" if quoted else text)
        value = int(text)
    elif kind == "boolean":
        if text.upper() not in ("TRUE", "FALSE"):
            raise invalid_parameter(key, f"'{text}'" if quoted else text)
        value = text.upper() == "TRUE"
    elif not quoted and (text.lstrip("-").isdigit() or text.upper() in ("TRUE", "FALSE")):
        raise invalid_parameter(key, text)
    check(key, value)
    return value
