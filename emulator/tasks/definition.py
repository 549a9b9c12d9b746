"""A task, and reading CREATE TASK, ALTER TASK and EXECUTE TASK."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from emulator.errors import SqlError, unsupported
from emulator.names import Name, split
from emulator.tasks.errors import refused
from emulator.tasks.properties import Setting, read_names, read_settings
from emulator.tasks.schedule import Schedule, parse_schedule
from emulator.tasks.when import parse_condition
from emulator.words import Words

Resolve = Callable[[list[str]], Name]  # the full name of the parts of a name, in the session


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the catalogue keeps it. `settings` are the properties and session parameters that were set."""

    name: Name
    definition: str
    settings: Mapping[str, Setting] = field(default_factory=dict)
    predecessors: tuple[Name, ...] = ()
    finalizes: Name | None = None
    condition: str | None = None
    execute_as_user: str | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    owner: str = "ACCOUNTADMIN"
    started: bool = False
    created_on: datetime | None = None
    resumed_on: datetime | None = None
    suspended_on: datetime | None = None
    suspended_reason: str | None = None
    version: int = 1  # of the graph, kept on the root: it rises when the graph is resumed

    @property
    def is_root(self) -> bool:
        """Whether nothing but its schedule or EXECUTE TASK starts it."""
        return not self.predecessors and self.finalizes is None

    @property
    def schedule_text(self) -> str | None:
        return self._text("SCHEDULE")

    @property
    def schedule(self) -> Schedule | None:
        return parse_schedule(self.schedule_text) if self.schedule_text else None

    @property
    def warehouse(self) -> str | None:
        return self._text("WAREHOUSE")

    @property
    def config(self) -> str | None:
        return self._text("CONFIG")

    @property
    def comment(self) -> str | None:
        return self._text("COMMENT")

    @property
    def overlap_policy(self) -> str:
        if self.settings.get("ALLOW_OVERLAPPING_EXECUTION") is True:
            return "ALLOW_CHILD_OVERLAP"
        return self._text("OVERLAP_POLICY") or "NO_OVERLAP"

    @property
    def timeout_ms(self) -> int | None:
        """The limit in milliseconds as set; None is the default of an hour, 0 the maximum of a week."""
        value = self.settings.get("USER_TASK_TIMEOUT_MS")
        return None if value is None else int(value)

    @property
    def suspend_after_failures(self) -> int:
        """After how many failures in a row the graph is suspended; 0 is never."""
        return int(self.settings.get("SUSPEND_TASK_AFTER_NUM_FAILURES", 10))

    @property
    def retry_attempts(self) -> int:
        return int(self.settings.get("TASK_AUTO_RETRY_ATTEMPTS", 0))

    def _text(self, key: str) -> str | None:
        value = self.settings.get(key)
        return None if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Creation:
    task: Task
    or_replace: bool
    or_alter: bool
    if_not_exists: bool


@dataclass(frozen=True, slots=True)
class Alteration:
    """ALTER TASK: `change` makes the new task of the old one; None for RESUME and SUSPEND (`started`)."""

    name: Name
    if_exists: bool
    started: bool | None = None
    change: Callable[[Task], Task] | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """EXECUTE TASK."""

    name: Name
    config: str | None
    retry_last: bool


def read_create(text: str, resolve: Resolve) -> Creation:
    """Read CREATE [OR REPLACE | OR ALTER] TASK [IF NOT EXISTS]. Raises Snowflake's error for what it refuses."""
    words = Words(text)
    mode = words.accept("OR REPLACE", "OR ALTER")
    words.expect("TASK")
    if_not_exists = words.accept("IF NOT EXISTS") is not None
    name = resolve(words.name())
    values: dict[str, Any] = {}
    settings: dict[str, Setting] = {}
    while not words.accept("AS"):
        _read_clause(words, resolve, values, settings)
    definition = words.rest().strip()
    if not definition:
        raise words.unexpected()
    task = Task(name, definition, settings, **values)
    if not if_not_exists:
        check_values(task)
    return Creation(task, mode == "OR REPLACE", mode == "OR ALTER", if_not_exists)


def _read_clause(words: Words, resolve: Resolve, values: dict[str, Any], settings: dict[str, Setting]) -> None:
    if words.ended:
        raise words.unexpected()
    if words.accept("WITH TAG", "WITH CONTACT", "TAG"):
        raise unsupported("TAG")
    if words.accept("CLONE"):
        raise unsupported("CLONE")
    if words.accept("AFTER"):
        values["predecessors"] = tuple(dict.fromkeys(resolve(parts) for parts in read_names(words)))
    elif words.accept("WHEN"):
        values["condition"] = words.until("AS")
    elif words.accept("EXECUTE AS USER"):
        values["execute_as_user"] = words.identifier()
    elif words.accept("FINALIZE ="):
        values["finalizes"] = resolve(_finalized(words))
    else:
        read_settings(words, settings, once=True)


def _finalized(words: Words) -> list[str]:
    return split(words.string()) if words.sees_string() else words.name()


def read_alter(text: str, resolve: Resolve) -> Alteration:
    """Read ALTER TASK. The values are checked when the change is applied."""
    words = Words(text)
    words.expect("TASK")
    if_exists = words.accept("IF EXISTS") is not None
    name = resolve(words.name())
    action = words.expect(
        "RESUME", "SUSPEND", "SET FINALIZE =", "UNSET FINALIZE", "SET", "UNSET", "MODIFY AS", "MODIFY WHEN",
        "REMOVE WHEN", "ADD AFTER", "REMOVE AFTER",
    )  # fmt: skip
    if action in ("RESUME", "SUSPEND"):
        words.end()
        return Alteration(name, if_exists, started=action == "RESUME")
    return Alteration(name, if_exists, change=_read_change(action, words, resolve))


def _read_change(action: str, words: Words, resolve: Resolve) -> Callable[[Task], Task]:
    match action:
        case "MODIFY AS":
            definition = words.rest().strip()
            return lambda task: replace(task, definition=definition)
        case "MODIFY WHEN":
            condition = words.rest().strip()
            return lambda task: replace(task, condition=condition)
        case "REMOVE WHEN":
            change = _remove_condition
        case "SET FINALIZE =":
            finalizes = resolve(_finalized(words))
            change = _finalize(finalizes)
        case "UNSET FINALIZE":
            change = _finalize(None)
        case "ADD AFTER" | "REMOVE AFTER":
            names = [resolve(parts) for parts in read_names(words)]
            change = _add(names) if action == "ADD AFTER" else _remove(names)
        case "SET":
            change = _set(words)
        case _:
            change = _unset(words)
    words.end()
    return change


def _remove_condition(task: Task) -> Task:
    return replace(task, condition=None)


def _finalize(root: Name | None) -> Callable[[Task], Task]:
    return lambda task: replace(task, finalizes=root)


def _add(names: list[Name]) -> Callable[[Task], Task]:
    return lambda task: replace(task, predecessors=tuple(dict.fromkeys((*task.predecessors, *names))))


def _remove(names: list[Name]) -> Callable[[Task], Task]:
    def remove(task: Task) -> Task:
        for name in names:
            if name not in task.predecessors:
                raise refused(f"Task {task.name.name} does not have predecessor {name.name}.")
        return replace(task, predecessors=tuple(name for name in task.predecessors if name not in names))

    return remove


def _set(words: Words) -> Callable[[Task], Task]:
    settings: dict[str, Setting] = {}
    if words.ended:
        raise words.unexpected()
    while not words.ended:
        read_settings(words, settings, once=True)
    overlap = {"OVERLAP_POLICY", "ALLOW_OVERLAPPING_EXECUTION"}

    def change(task: Task) -> Task:
        kept = {
            key: value for key, value in task.settings.items() if not (key in overlap and overlap & settings.keys())
        }
        return replace(task, settings=kept | settings)

    return change


def _unset(words: Words) -> Callable[[Task], Task]:
    keys = read_settings(words, {}, names_only=True)
    if keys & {"OVERLAP_POLICY", "ALLOW_OVERLAPPING_EXECUTION"}:
        keys |= {"OVERLAP_POLICY", "ALLOW_OVERLAPPING_EXECUTION"}
    return lambda task: replace(task, settings={k: v for k, v in task.settings.items() if k not in keys})


def read_execute(text: str, resolve: Resolve) -> Execution:
    """Read EXECUTE TASK name [USING CONFIG = '..'] [RETRY LAST]."""
    words = Words(text)
    words.expect("TASK")
    name = resolve(words.name())
    config = words.string() if words.accept("USING CONFIG =") else None
    retry_last = words.accept("RETRY LAST") is not None
    words.end()
    return Execution(name, config, retry_last)


def check_values(task: Task) -> None:
    """Check the task by itself: schedule, condition, configuration."""
    if task.schedule_text is not None:
        parse_schedule(task.schedule_text)
    if task.condition is not None:
        parse_condition(task.condition)
    if task.config is not None:
        check_config(task.config)
    allowed = task.settings.get("ALLOW_OVERLAPPING_EXECUTION")
    policy = task.settings.get("OVERLAP_POLICY")
    if allowed is not None and policy is not None and (policy == "NO_OVERLAP") == allowed:
        raise refused(
            "Cannot specify ALLOW_OVERLAPPING_EXECUTION and OVERLAP_POLICY to different values in the same command."
        )


def check_config(config: str) -> None:
    """Raise Snowflake's error unless the text is a JSON object."""
    try:
        valid = isinstance(json.loads(config), dict)
    except ValueError:
        valid = False
    if not valid:
        raise SqlError("Invalid config. Must be a string representation of a valid JSON Object.", "091000", "22023")
