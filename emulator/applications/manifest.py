"""manifest.yml: what an application says about itself, checked as Snowflake checks it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from emulator.errors import SqlError

# "Snowflake Native App manifest file reference"
_FIELDS = {
    "": "manifest_version version artifacts configuration privileges references lifecycle_callbacks "
    "restricted_features",
    "version": "name patch label comment",
    "artifacts": "setup_script readme default_streamlit default_web_endpoint extension_code container_services "
    "restricted_callers_rights",
    "configuration": "log_level trace_level metric_level auditlog_level grant_callback telemetry_event_definitions",
    "lifecycle_callbacks": "version_initializer specification_action connection_action",
    "references": "label description privileges object_type multi_valued register_callback configuration_callback "
    "required_at_setup",
    "privileges": "description required_at_setup",
}
_PRIVILEGES = {
    "BIND SERVICE ENDPOINT", "CREATE API INTEGRATION", "CREATE COMPUTE POOL", "CREATE DATABASE",
    "CREATE EXTERNAL ACCESS INTEGRATION", "CREATE LISTING", "CREATE SECURITY INTEGRATION", "CREATE SHARE",
    "CREATE WAREHOUSE", "EXECUTE ALERT", "EXECUTE MANAGED ALERT", "EXECUTE MANAGED TASK", "EXECUTE TASK",
    "IMPORTED PRIVILEGES ON SNOWFLAKE DB", "MANAGE WAREHOUSES", "READ SESSION",
}  # fmt: skip
_REFERENCE_PRIVILEGES = {
    "API INTEGRATION": {"USAGE"},
    "EXTERNAL ACCESS INTEGRATION": {"USAGE"},
    "EXTERNAL TABLE": {"SELECT", "REFERENCES"},
    "FUNCTION": {"USAGE"},
    "PROCEDURE": {"USAGE"},
    "SECRET": {"READ", "USAGE"},
    "TABLE": {"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES"},
    "VIEW": {"SELECT", "REFERENCES"},
    "WAREHOUSE": {"MODIFY", "MONITOR", "USAGE", "OPERATE"},
}
_REFERENCE_REQUIRED = ("label", "description", "privileges", "object_type", "register_callback")
_LOG_LEVELS = {"OFF", "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"}
_TRACE_LEVELS = {"OFF", "ALWAYS", "ON_EVENT"}
_IN_SCHEMA = re.compile(r'(?:"[^"]+"|\w+)\.(?:"[^"]+"|\w+)')


def read(root: Path) -> dict[str, Any]:
    """The manifest in the folder, complete: keys that are left out have their defaults.

    Raises 093009 when there is none, 093300 for text that is no YAML, 093301 for an unknown key, 093302 for a value
    that does not fit, 093003 for a file that it names and that is not there.
    """
    file = root / "manifest.yml"
    if not file.is_file():
        raise SqlError("File 'manifest.yml' was not found in the application's files.", "093009", "02000")
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SqlError(f"Invalid manifest.yml: it is not YAML: {error}", "093300", "22023") from None
    if not isinstance(found, dict):
        raise SqlError("Invalid manifest.yml: keys and values are expected.", "093300", "22023")
    _known(found, "", "manifest.yml")
    if found.get("manifest_version") not in (1, 2):
        raise _unexpected("manifest_version", found.get("manifest_version"), "1 or 2")
    return {
        "manifest_version": found["manifest_version"],
        "version": _section(found, "version"),
        "artifacts": _artifacts(_section(found, "artifacts"), root),
        "configuration": _configuration(_section(found, "configuration")),
        "lifecycle_callbacks": _callbacks(_section(found, "lifecycle_callbacks")),
        "privileges": _privileges(found.get("privileges") or []),
        "references": dict(_reference(entry) for entry in _entries(found.get("references") or [], "references")),
    }


def _unexpected(key: str, value: object, expected: str) -> SqlError:
    return SqlError(f"Invalid manifest.yml: '{key}' is '{value}', expected {expected}.", "093302", "22023")


def _known(found: dict[str, Any], section: str, where: str) -> None:
    allowed = _FIELDS[section].split()
    for key in found:
        if key not in allowed:
            raise SqlError(
                f"Invalid manifest.yml: unrecognized field '{key}' in {where}. It may have {', '.join(allowed)}.",
                "093301",
                "22023",
            )


def _section(found: dict[str, Any], name: str) -> dict[str, Any]:
    section = found.get(name) or {}
    if not isinstance(section, dict):
        raise _unexpected(name, section, "keys and values")
    _known(section, name, name)
    return section


def _artifacts(section: dict[str, Any], root: Path) -> dict[str, Any]:
    section = {"setup_script": "setup.sql", **section}
    for key in ("setup_script", "readme"):
        name = section.get(key)
        if name is None:
            continue
        file = (root / str(name)).resolve()
        if root.resolve() not in file.parents or not file.is_file():
            raise SqlError(f"File '{name}', which manifest.yml names as {key}, was not found.", "093003", "02000")
    streamlit = section.get("default_streamlit")
    if streamlit is not None and not _IN_SCHEMA.fullmatch(str(streamlit)):
        raise _unexpected("artifacts.default_streamlit", streamlit, "schema.name")
    return section


def _configuration(section: dict[str, Any]) -> dict[str, Any]:
    for key, levels in (("log_level", _LOG_LEVELS), ("trace_level", _TRACE_LEVELS)):
        value = section.get(key)
        # an unquoted OFF is `false` in YAML: Snowflake reads a text there
        if value is not None and str(value).upper() not in levels:
            raise _unexpected(f"configuration.{key}", value, f"one of {', '.join(sorted(levels))}")
    return section


def _callbacks(section: dict[str, Any]) -> dict[str, Any]:
    for key, name in section.items():
        if not _IN_SCHEMA.fullmatch(str(name)):
            raise _unexpected(f"lifecycle_callbacks.{key}", name, "schema.procedure")
    return section


def _entries(entries: object, where: str) -> list[tuple[str, dict[str, Any]]]:
    """A list of `- name: {key: value}`."""
    if not isinstance(entries, list):
        raise _unexpected(where, entries, "a list")
    found: list[tuple[str, dict[str, Any]]] = []
    for entry in entries:
        if not isinstance(entry, dict) or len(entry) != 1:
            raise _unexpected(where, entry, "a list of names with their properties")
        [(name, properties)] = entry.items()
        _known(properties or {}, where, f"{where}, {name}")
        found.append((str(name), properties or {}))
    return found


def _privileges(entries: object) -> dict[str, str]:
    """The privileges on the account and their descriptions."""
    found: dict[str, str] = {}
    for name, properties in _entries(entries, "privileges"):
        if name.upper() not in _PRIVILEGES:
            raise _unexpected("privileges", name, f"one of {', '.join(sorted(_PRIVILEGES))}")
        found[name.upper()] = str(properties.get("description", ""))
    return found


def _reference(entry: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    name, properties = entry
    for key in _REFERENCE_REQUIRED:
        if not properties.get(key):
            raise _unexpected(f"references.{name}.{key}", properties.get(key), "a value")
    kind = str(properties["object_type"]).upper()
    if kind not in _REFERENCE_PRIVILEGES:
        raise _unexpected(f"references.{name}.object_type", kind, f"one of {', '.join(_REFERENCE_PRIVILEGES)}")
    privileges = [str(privilege).upper() for privilege in properties["privileges"]]
    for privilege in privileges:
        if privilege not in _REFERENCE_PRIVILEGES[kind]:
            expected = ", ".join(sorted(_REFERENCE_PRIVILEGES[kind]))
            raise _unexpected(f"references.{name}.privileges", privilege, f"of {expected}")
    if not _IN_SCHEMA.fullmatch(str(properties["register_callback"])):
        raise _unexpected(f"references.{name}.register_callback", properties["register_callback"], "schema.procedure")
    complete = {"multi_valued": False, **properties, "object_type": kind, "privileges": privileges}
    return name.upper(), complete
