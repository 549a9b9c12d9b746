"""The Python packages that procedures find: those of the local Snowflake's own environment."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import distributions

PACKAGE_COLUMNS = ("PACKAGE_NAME", "VERSION", "LANGUAGE", "RUNTIME_VERSION")


@cache
def packages() -> list[tuple[str, str, str, str]]:
    """Name, version, language and runtime of each, as INFORMATION_SCHEMA.PACKAGES has them."""
    runtime = ".".join(platform.python_version_tuple()[:2])
    return sorted({(one.name.lower(), one.version, "python", runtime) for one in distributions()})
