"""Tasks and their history in the catalogue: a task is an object like any other, its runs are rows beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from emulator.catalogue import Catalogue, Object
from emulator.names import Name
from emulator.tasks.definition import Task
from emulator.tasks.history import GraphRecord, TaskRun

KIND = "TASK"
_KEPT = timedelta(days=15)  # RETRY LAST looks back for fourteen
_TABLES = """
create table if not exists task_run (
    run_group text not null,
    attempt integer not null,
    task text not null,             -- JSON: database, schema, name
    scheduled_time text not null,
    run text not null,              -- JSON: the other fields of TaskRun
    primary key (run_group, attempt, task)
);
create table if not exists task_graph_run (
    run_group text not null,
    attempt integer not null,
    scheduled_time text not null,
    run text not null,              -- JSON: the fields of GraphRecord
    primary key (run_group, attempt)
);
"""


class CatalogueTasks:
    """The `TaskStore` of a server. Every change is durable when the method returns."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        with catalogue.transaction() as db:
            for statement in filter(str.strip, _TABLES.split(";")):
                db.execute(statement)

    def tasks(self) -> Mapping[Name, Task]:
        return {item.full_name: _task(item) for item in self._catalogue.find(KIND)}

    def save(self, task: Task) -> None:
        self._catalogue.put(_object(task))

    def replace(self, task: Task) -> None:
        """Store a task in place of another one of its name, whose grants end."""
        with self._catalogue.transaction():
            self.drop(task.name)
            self.save(task)

    def drop(self, name: Name) -> None:
        self._catalogue.drop(Object(KIND, name.name, name.database, name.schema))

    def record(self, run: TaskRun) -> None:
        with self._catalogue.transaction() as db:
            db.execute(
                "insert or replace into task_run values (?, ?, ?, ?, ?)",
                (run.graph_run_group_id, run.attempt_number, _encoded(run.name), _encoded(run.scheduled_time),
                 _encoded(asdict(run))),
            )  # fmt: skip

    def record_graph(self, record: GraphRecord) -> None:
        oldest = _encoded(record.scheduled_time - _KEPT)
        with self._catalogue.transaction() as db:
            db.execute(
                "insert or replace into task_graph_run values (?, ?, ?, ?)",
                (record.graph_run_group_id, record.attempt_number, _encoded(record.scheduled_time),
                 _encoded(asdict(record))),
            )  # fmt: skip
            db.execute("delete from task_run where scheduled_time < ?", (oldest,))
            db.execute("delete from task_graph_run where scheduled_time < ?", (oldest,))

    def runs(self) -> Iterator[TaskRun]:
        for values in self._rows("task_run"):
            yield _run(values)

    def graphs(self) -> Iterator[GraphRecord]:
        for values in self._rows("task_graph_run"):
            values["root"] = Name(**values["root"])
            if values["first_error"]:
                values["first_error"] = _run(_decoded(values["first_error"]))
            yield GraphRecord(**values)

    def _rows(self, table: str) -> list[dict[str, Any]]:
        with self._catalogue.transaction() as db:
            rows = db.execute(f"select run from {table} order by scheduled_time, attempt").fetchall()
        return [_decoded(json.loads(row["run"])) for row in rows]


def _run(values: dict[str, Any]) -> TaskRun:
    values["name"] = Name(**values["name"])
    return TaskRun(**values)


def _encoded(value: Any) -> str:
    """Times as text of one length in UTC, so that text order is the order of time."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, Name):
        return json.dumps([value.database, value.schema, value.name])
    return json.dumps(value, default=_encoded)


def _decoded(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: datetime.fromisoformat(value) if value and key.endswith(("_time", "_on")) else value
        for key, value in values.items()
    }


_OWN = {"name", "owner", "created_on"}  # columns of the catalogue


def _object(task: Task) -> Object:
    definition = {field.name: getattr(task, field.name) for field in fields(task) if field.name not in _OWN}
    definition["settings"] = dict(task.settings)
    definition["predecessors"] = [asdict(name) for name in task.predecessors]
    definition["finalizes"] = task.finalizes and asdict(task.finalizes)
    name = task.name
    item = Object(KIND, name.name, name.database, name.schema, owner=task.owner, comment=task.comment or "")
    item.definition = json.loads(_encoded(definition))
    if task.created_on is not None:
        item.created_on = task.created_on
    return item


def _task(item: Object) -> Task:
    values = _decoded(item.definition)
    values["predecessors"] = tuple(Name(**name) for name in values["predecessors"])
    values["finalizes"] = values["finalizes"] and Name(**values["finalizes"])
    return Task(name=item.full_name, owner=item.owner, created_on=item.created_on, **values)
