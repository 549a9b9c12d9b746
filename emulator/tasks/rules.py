"""The rules of task graphs, and what CREATE, ALTER and DROP TASK make of a catalogue of tasks.

A function gets all tasks by name and returns the tasks to store; it never changes the mapping.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from emulator.errors import already_exists, does_not_exist
from emulator.names import Name, shown
from emulator.tasks.definition import Alteration, Creation, Task, check_values
from emulator.tasks.errors import invalid_predecessor, refused, root_not_suspended

Tasks = Mapping[Name, Task]

MAX_RELATIVES = 100  # predecessors, and children, of one task
MAX_GRAPH = 1000


def children(name: Name, tasks: Tasks) -> list[Task]:
    return [task for task in tasks.values() if name in task.predecessors]


def finalizer(root: Name, tasks: Tasks) -> Task | None:
    return next((task for task in tasks.values() if task.finalizes == root), None)


def members(root: Name, tasks: Tasks) -> list[Task]:
    """The tasks of a graph, the root first and its finalizer last."""
    found = {root: tasks[root]}
    queue = [root]
    while queue:
        for child in children(queue.pop(0), tasks):
            if child.name not in found:
                found[child.name] = child
                queue.append(child.name)
    last = finalizer(root, tasks)
    return [*found.values(), *([last] if last else [])]


def roots(task: Task, tasks: Tasks) -> list[Task]:
    """The roots of the graphs that the task belongs to."""
    if task.finalizes is not None:
        return [tasks[task.finalizes]] if task.finalizes in tasks else []
    found: dict[Name, Task] = {}
    seen: set[Name] = set()
    queue = [task]
    while queue:
        current = queue.pop(0)
        if current.name in seen:
            continue
        seen.add(current.name)
        if current.is_root:
            found[current.name] = current
        queue += [tasks[name] for name in current.predecessors if name in tasks]
    return list(found.values())


def create(creation: Creation, tasks: Tasks, now: datetime) -> Task | None:
    """The task that CREATE TASK stores; None for IF NOT EXISTS over a task that is there."""
    task, old = creation.task, tasks.get(creation.task.name)
    if old is not None:
        if creation.if_not_exists:
            return None
        if not (creation.or_replace or creation.or_alter):
            raise already_exists(task.name)
        alone = old.is_root and len(members(old.name, tasks)) == 1
        if not (creation.or_replace and alone):
            _check_suspended(old, tasks)
    check_values(task)
    task = replace(task, created_on=now)
    if old is not None and creation.or_alter:
        kept = {
            field: getattr(old, field)
            for field in ("id", "owner", "created_on", "resumed_on", "suspended_on", "version")
        }
        task = replace(task, **kept)
    return _checked(task, old, tasks)


def alter(alteration: Alteration, tasks: Tasks, now: datetime) -> Task | None:
    """The task that ALTER TASK stores; None for IF EXISTS without a task."""
    old = tasks.get(alteration.name)
    if old is None:
        if alteration.if_exists:
            return None
        raise does_not_exist("Task", alteration.name)
    if alteration.started is not None:
        return _started(old, alteration.started, tasks, now)
    _check_suspended(old, tasks)
    assert alteration.change is not None  # noqa: S101 - an alteration starts, suspends or changes
    task = alteration.change(old)
    check_values(task)
    return _checked(task, old, tasks)


def drop(name: Name, tasks: Tasks) -> list[Task]:
    """What else DROP TASK stores: children that lose a predecessor, the finalizer that loses its root."""
    task = tasks[name]
    if not (task.is_root and len(members(name, tasks)) == 1):
        _check_suspended(task, tasks)
    freed = [
        replace(child, predecessors=tuple(other for other in child.predecessors if other != name))
        for child in children(name, tasks)
    ]
    last = finalizer(name, tasks)
    return [*freed, *([replace(last, finalizes=None)] if last else [])]


def enable_dependents(root: Name, tasks: Tasks, now: datetime) -> list[Task]:
    """What SYSTEM$TASK_DEPENDENTS_ENABLE stores: the whole graph resumed, the root last."""
    if root not in tasks:
        raise does_not_exist("Task", root)
    if not tasks[root].is_root:
        raise refused(f"Task {root} is not a root task.")
    graph = [task for task in members(root, tasks) if not task.started]
    return [_started(task, True, tasks, now) for task in reversed(graph)]


def check_execute(name: Name, tasks: Tasks) -> Task:
    """The root that EXECUTE TASK runs."""
    if name not in tasks:
        raise does_not_exist("Task", name)
    if not tasks[name].is_root:
        message = f"Execute task cannot be called on non-root task {name}."
        raise refused(f"{message} Call EXECUTE TASK on the root task of its graph instead.", "091435")
    return tasks[name]


def _started(task: Task, started: bool, tasks: Tasks, now: datetime) -> Task:
    if task.started == started:
        return task
    if not task.is_root:
        _check_suspended(task, tasks)
    if started:
        _check_one_root(task, tasks)
        return replace(task, started=True, resumed_on=now, suspended_reason=None, version=task.version + 1)
    return replace(task, started=False, suspended_on=now, suspended_reason="USER_SUSPENDED")


def _check_one_root(task: Task, tasks: Tasks) -> None:
    for member in members(task.name, tasks):
        found = roots(member, tasks)
        if len(found) > 1:
            names = ", ".join(str(root.name) for root in found)
            raise refused(f"Task {member.name} belongs to graphs with different root tasks: {names}.")


def _check_suspended(task: Task, tasks: Tasks) -> None:
    for root in roots(task, tasks):
        if root.started:
            raise root_not_suspended(root.name)


def _written(name: Name, beside: Name) -> str:
    """A name as short as the schema of another task allows."""
    if (name.database, name.schema) == (beside.database, beside.schema):
        return shown(name.name)
    return f"{shown(name.schema)}.{shown(name.name)}" if name.database == beside.database else str(name)


def _checked(task: Task, old: Task | None, tasks: Tasks) -> Task:
    """The task when it fits into its graph."""
    graph = {**tasks, task.name: task}
    _check_predecessors(task, graph)
    _check_finalizer(task, old, graph)
    _check_root_settings(task)
    for root in roots(task, graph):
        if root.started:
            raise root_not_suspended(root.name)
        if len(members(root.name, graph)) > MAX_GRAPH:
            raise refused(f"The graph of root task {root.name} cannot have more than {MAX_GRAPH} tasks.")
    return task


def _check_predecessors(task: Task, graph: Tasks) -> None:
    name = task.name
    for other in task.predecessors:
        if other not in graph:
            raise invalid_predecessor(_written(other, name))
        if (other.database, other.schema) != (name.database, name.schema):
            raise refused(f"Cannot have predecessor {shown(other.name)} from a different schema.")
        if graph[other].finalizes is not None:
            raise refused(f"Task {other} cannot have children as a finalizer task.")
        if len(children(other, graph)) > MAX_RELATIVES:
            raise refused(f"Task {other} cannot have more than {MAX_RELATIVES} children.")
    if not task.predecessors:
        return
    if finalizer(name, graph) is not None:
        raise refused(
            "This task has a finalizer and cannot be made a child task. "
            "Please remove the finalizer before adding a predecessor."
        )
    if name in task.predecessors:
        raise refused(f"Task {shown(name.name)} cannot use itself as its predecessor.")
    if task.schedule_text is not None:
        raise refused(f"Task {shown(name.name)} cannot have both a schedule and a predecessor.", "091400")
    if len(task.predecessors) > MAX_RELATIVES:
        raise refused(f"Task {name} cannot have more than {MAX_RELATIVES} predecessors.")
    if any(member.name in task.predecessors for member in members(name, graph)):
        raise refused(f"Task {name} cannot be its own ancestor: its predecessors form a cycle.")


def _check_finalizer(task: Task, old: Task | None, graph: Tasks) -> None:
    name, root = task.name, task.finalizes
    if root is None:
        return
    if root not in graph:
        raise refused(f"Invalid finalized root task {_written(root, name)} was specified.")
    if (root.database, root.schema) != (name.database, name.schema):
        raise refused(f"Cannot finalize graph {_written(root, name)} in a different schema.")
    if task.predecessors:
        raise refused(f"Task {name} cannot have predecessors as a finalizer task.")
    if root == name:
        raise refused(f"Task {shown(name.name)} cannot finalize itself.")
    if not graph[root].is_root:
        raise refused(f"Task {name} cannot finalize a non-root task {root}.")
    if children(name, graph):
        raise refused(f"Task {name} cannot have children as a finalizer task.")
    if task.schedule_text is not None:
        raise refused(f"Task {shown(name.name)} cannot have a schedule and be a finalizer task.")
    others = [other for other in graph.values() if other.finalizes == root and other.name != name]
    if others and (old is None or old.finalizes != root):
        raise refused(f"Finalize target {shown(root.name)} already have finalizer.")


def _check_root_settings(task: Task) -> None:
    if task.is_root:
        return
    if task.config is not None:
        raise refused(f"Task {task.name} cannot both be a non-root task and have a config.")
    if "OVERLAP_POLICY" in task.settings:
        raise refused(f"Cannot set overlap policy on non-root task {task.name}.")
    if task.settings.get("ALLOW_OVERLAPPING_EXECUTION") is True:
        raise refused(f"Cannot set allow_overlapping_execution on non-root task {task.name}.")
    if "TASK_AUTO_RETRY_ATTEMPTS" in task.settings:
        message = f"Cannot set parameter TASK_AUTO_RETRY_ATTEMPTS on non-root task {shown(task.name.name)}."
        raise refused(
            f"{message} Non-root tasks use the parameter setting from their root task. "
            "Please set this on the root task for this task instead."
        )
