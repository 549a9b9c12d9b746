"""What the body of a task can see and set: the functions that work in a task only."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field

from emulator.errors import SqlError
from emulator.tasks.clock import Clock
from emulator.tasks.definition import Task
from emulator.tasks.graph import GraphRun
from emulator.tasks.history import GraphRecord

_MAX_RETURN_VALUE = 10 * 1024


@dataclass(slots=True)
class TaskContext:
    """One run of a task. `cancelled` is set when it has timed out: what the body does afterwards is ignored."""

    task: Task
    graph: GraphRun
    query_id: str
    clock: Clock
    last_success: GraphRecord | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    return_value: str | None = None

    def set_return_value(self, value: str | None) -> None:
        """SYSTEM$SET_RETURN_VALUE. Raises for more than 10 kB."""
        if value is not None and len(value.encode()) > _MAX_RETURN_VALUE:
            raise SqlError("Task return value exceeds the maximum size of 10 kilobytes.", "093202", "22023")
        self.return_value = value

    def predecessor_return_value(self, name: str | None = None) -> str | None:
        """SYSTEM$GET_PREDECESSOR_RETURN_VALUE."""
        return self.graph.return_value(self.task, name)

    def config_value(self, path: str | None = None) -> str | None:
        """SYSTEM$GET_TASK_GRAPH_CONFIG: the whole configuration, or the value at a dotted path; NULL where none is."""
        if path is None or self.graph.config is None:
            return self.graph.config
        value = json.loads(self.graph.config)
        for key in path.split("."):
            if not isinstance(value, dict) or key not in value:
                return None
            value = value[key]
        return value if isinstance(value, str) or value is None else json.dumps(value)

    def runtime_info(self, key: str) -> str | None:
        """SYSTEM$TASK_RUNTIME_INFO. Raises for a key that it does not know."""
        last = self.last_success
        values = {
            "CURRENT_ROOT_TASK_NAME": self.graph.root.name.name,
            "CURRENT_ROOT_TASK_UUID": self.graph.root.id,
            "CURRENT_TASK_NAME": self.task.name.name,
            "CURRENT_TASK_GRAPH_ORIGINAL_SCHEDULED_TIMESTAMP": self.graph.scheduled_time.isoformat(),
            "CURRENT_TASK_GRAPH_RUN_GROUP_ID": self.graph.group,
            "LAST_SUCCESSFUL_TASK_GRAPH_ORIGINAL_SCHEDULED_TIMESTAMP": last and last.scheduled_time.isoformat(),
            "LAST_SUCCESSFUL_TASK_GRAPH_RUN_GROUP_ID": last and last.graph_run_group_id,
        }
        if key.upper() not in values:
            raise SqlError(f"Invalid argument '{key}' for function SYSTEM$TASK_RUNTIME_INFO.", "001015", "22023")
        return values[key.upper()]
