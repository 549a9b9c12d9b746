"""What Snowflake answers to task statements that it refuses.

The wording was seen in accounts, and so were the codes 091085, 091421, 091435, 091456 and 091457; where the code of a
message is not known, it is 091000.
"""

from __future__ import annotations

from emulator.errors import SqlError, compilation_error
from emulator.names import Name

_UNKNOWN = "091000"


def refused(message: str, code: str = _UNKNOWN, state: str = "22000") -> SqlError:
    return SqlError(message, code, state)


def invalid_schedule(detail: str = "Please refer to the docs on what constitutes a valid schedule.") -> SqlError:
    return refused(f"Invalid schedule was specified. {detail}", state="42601")


def invalid_predecessor(shown: str) -> SqlError:
    return refused(f"Invalid predecessor {shown} was specified.", "091085", "42601")


def root_not_suspended(root: Name) -> SqlError:
    return refused(f"Unable to update graph with root task {root} since that root task is not suspended.", "091421")


def invalid_parameter(name: str, value: str) -> SqlError:
    return compilation_error(f"invalid value [{value}] for parameter '{name}'", "001008", "22023")


def invalid_property(name: str) -> SqlError:
    return compilation_error(f"invalid property '{name}' for 'TASK'", "001423", "22023")
