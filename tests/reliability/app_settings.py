"""What people set, cut off: the configuration, and the tasks of scheduled runs."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from tests.reliability.app_operations import Operation
from tests.reliability.people_app import YAML, Identities, MortalApplication

_Tasks = dict[str, dict[str, Any]]  # what SHOW TASKS tells of each
OTHER_YAML = (
    YAML.replace("attributes: {email: email}", "attributes: {email: email, number: id}")
    .replace("email: {normalize: email}", "email: {normalize: email, exclude: [{exact: e0@x.org}]}")
    .replace("match: [email]}", "match: [email], max_group_size: 50}")
    .replace("guardrails:", "survivorship: {number: {strategy: max}}\nguardrails:")
    .replace("lease_minutes: 5", "lease_minutes: 6")
)


class Configure(Operation):
    """To and fro between two configurations: one of them is stored, as a whole."""

    cuts_runs = False
    _TABLES = (
        "source_table", "identifier_mapping", "identifier_type", "rule", "entity_attribute_mapping",
        "survivorship_rule", "identifier_exclusion", "config",
    )  # fmt: skip

    def __init__(self, application: MortalApplication, name: str) -> None:
        super().__init__(application, name)
        self._known = {text: self._configured(text) for text in (OTHER_YAML, YAML)}
        self._stored = self._target = YAML

    def _configured(self, text: str) -> dict[str, list[Any]]:
        self.application.call(f"idr_configure($${text}$$)")
        with self.application.tables() as tables:
            return self._rows(tables)

    def _rows(self, tables: Any) -> dict[str, list[Any]]:
        found = {name: tables.execute(f"from idr_meta.{name}").fetchall() for name in self._TABLES}
        return {name: sorted(rows, key=repr) for name, rows in found.items()}

    def prepare(self) -> str:
        self.somebody_moves()
        self.after = self.before
        self._target = YAML if self._stored == OTHER_YAML else OTHER_YAML
        return f"idr_configure($${self._target}$$)"

    def broken(self, tables: Any) -> list[str]:
        rows = self._rows(tables)
        stored = next((text for text, known in self._known.items() if known == rows), None)
        self._stored = stored or self._stored
        return [] if stored else ["it is neither the former nor the new configuration"]

    def wanted(self) -> Identities:
        """The other configuration ignores one address."""
        expected = self.application.expected()
        if self._stored == YAML:
            return expected
        ignored = {members for email, members in expected if email == "e0@x.org"}
        alone = {("e0@x.org", frozenset({key})) for members in ignored for key in members}
        return {(email, members) for email, members in expected if email != "e0@x.org"} | alone

    def again(self) -> list[str]:
        is_done = self._stored == self._target
        told = self.application.call(f"idr_configure($${self._target}$$)")
        with self.application.tables() as tables:
            found = self.broken(tables)
        found += [] if self._stored == self._target else ["called again it does nothing"]
        return found + ([] if told["applied"] is not is_done else [f"called again it says {told}"])

    def close(self) -> None:
        self._stored = YAML
        self.application.call(f"idr_configure($${YAML}$$)")
        self.application.call("idr_run('INCR')")


_CHANGES = {"schedule": (0, 1), "schedule anew": (1, 2), "schedule without a gate": (1, 3), "unschedule": (2, 0)}


class Schedule(Operation):
    """Tasks are changed one by one, but no graph starts that is neither the former nor the new one."""

    concerns_runs = cuts_runs = False
    _FORMS = (  # nothing, two that have the same tasks, and one with others
        None,
        "{'schedule': '720 MINUTES'}",
        "{'schedule': '1440 MINUTES', 'mode': 'FULL'}",
        "{'schedule': '1440 MINUTES', 'gate': 'none', 'weekly_full': false}",
    )
    _TOLD = ("state", "schedule", "definition", "condition", "config", "predecessors", "task_relations")

    def __init__(self, application: MortalApplication, name: str) -> None:
        super().__init__(application, name)
        self._was, self._will = _CHANGES[name]
        self._known: dict[int, _Tasks] = {}
        self._stored: dict[int, list[Any]] = {}
        for form in (self._was, self._will):
            application.call(self._call(form))
            with application.tables() as tables:
                self._stored[form] = self._options(tables)
            self._known[form] = self._tasks()
        self._is_at = self._will

    def _call(self, form: int) -> str:
        options = self._FORMS[form]
        return f"idr_schedule({options})" if options else "idr_unschedule()"

    def _options(self, tables: Any) -> list[Any]:
        return tables.execute("select options from idr_meta.schedule").fetchall()

    def _tasks(self) -> _Tasks:
        with closing(self.application.local.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute("show tasks in schema idr.ops")
            names = [column.name for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return {str(row["name"]): {column: row[column] for column in self._TOLD} for row in rows}

    def prepare(self) -> str:
        if self._is_at != self._was:
            self.application.call(self._call(self._was))
        self.before = self.after = self.application.published()
        return self._call(self._will)

    def broken(self, tables: Any) -> list[str]:
        tasks, stored = self._tasks(), self._options(tables)
        was, will = self._known[self._was], self._known[self._will]
        found = [
            f"{name} is neither the former nor the new task"
            for name, task in tasks.items()
            if not any(_alike(task, known[name]) for known in (was, will) if name in known)
        ]
        roots = [name for name, task in tasks.items() if task["schedule"] and task["state"] == "started"]
        for root in roots:
            graph, former, new = (_graph(known, root) for known in (tasks, was, will))
            if graph not in (former, new):
                found.append(f"{root} starts a graph that is half changed")
            elif graph != former and stored != self._stored[self._will]:
                found.append(f"{root} starts the new graph, but the former options are stored")
        is_known = stored in (self._stored[self._was], self._stored[self._will])
        return found + ([] if is_known else ["neither the former nor the new options are stored"])

    def again(self) -> list[str]:
        self.application.call(self._call(self._will))
        self._is_at = self._will
        tasks, known = self._tasks(), self._known[self._will]
        found = [] if tasks == known else ["called again it does not put the tasks right"]
        told = self.application.call("idr_status()")["schedule"]
        waiting = {task["name"] for task in told["tasks"] if task["next_start"]} if told else set()
        roots = {name for name, task in known.items() if task["schedule"]}
        return found + ([] if waiting == roots else [f"{sorted(waiting)} wait for their start, not {sorted(roots)}"])

    def close(self) -> None:
        self.application.call("idr_unschedule()")


def _alike(task: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether they do the same, started or not, and whatever else belongs to the graph."""
    but = {"state": "", "task_relations": ""}
    return task | but == other | but


def _graph(tasks: _Tasks, root: str) -> _Tasks:
    """A root and what goes with it."""
    return {name: task for name, task in tasks.items() if name == root or root in task["task_relations"]}
