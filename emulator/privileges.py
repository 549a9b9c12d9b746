"""Which privileges there are on which kind of object; "Access control privileges" of Snowflake's documentation."""

from __future__ import annotations

from emulator.errors import compilation_error

_RELATION = ("APPLYBUDGET", "DELETE", "EVOLVE SCHEMA", "INSERT", "REFERENCES", "SELECT", "TRUNCATE", "UPDATE")
_CREATED = ("FILE FORMAT", "FUNCTION", "PROCEDURE", "SEQUENCE", "STAGE", "STREAM", "STREAMLIT", "TABLE", "TASK", "VIEW")
_ON: dict[str, tuple[str, ...]] = {
    "TABLE": _RELATION,
    "VIEW": _RELATION,
    "SCHEMA": ("ADD SEARCH OPTIMIZATION", "APPLYBUDGET", *(f"CREATE {kind}" for kind in _CREATED), "MODIFY",
               "MONITOR", "USAGE"),
    "DATABASE": ("APPLYBUDGET", "CREATE DATABASE ROLE", "CREATE SCHEMA", "IMPORTED PRIVILEGES", "MODIFY", "MONITOR",
                 "USAGE"),
    "PROCEDURE": ("USAGE",),
    "FUNCTION": ("USAGE",),
    "FILE FORMAT": ("USAGE",),
    "SEQUENCE": ("USAGE",),
    "STREAMLIT": ("USAGE",),
    "STREAM": ("SELECT",),
    "STAGE": ("READ", "USAGE", "WRITE"),
    "TASK": ("APPLYBUDGET", "MONITOR", "OPERATE"),
    "WAREHOUSE": ("APPLYBUDGET", "MODIFY", "MONITOR", "OPERATE", "USAGE"),
    "INTEGRATION": ("USAGE", "USE_ANY_ROLE"),
    "APPLICATION PACKAGE": ("ATTACH LISTING", "DEVELOP", "INSTALL", "MANAGE RELEASES", "MANAGE VERSIONS", "USAGE"),
    "APPLICATION": ("USAGE",),
}  # fmt: skip
# what ALL leaves out: privileges that need something which nothing here has
_NOT_IN_ALL = ("ADD SEARCH OPTIMIZATION", "APPLYBUDGET", "EVOLVE SCHEMA", "IMPORTED PRIVILEGES", "USE_ANY_ROLE")
_RELATION_ALL = {"VIEW": ("REFERENCES", "SELECT"), "STAGE": ("READ", "WRITE")}
OWNERSHIP = "OWNERSHIP"
ALL = "ALL"


def expand(privileges: list[str], kind: str) -> list[str]:
    """The privileges that a statement names, ALL written out. Raises 003008 for one that the kind does not have."""
    if privileges == [ALL]:
        return [name for name in _RELATION_ALL.get(kind, _ON.get(kind, ("USAGE",))) if name not in _NOT_IN_ALL]
    for privilege in privileges:
        creates = kind == "SCHEMA" and privilege.startswith("CREATE ") and privilege != "CREATE SCHEMA"
        if kind in _ON and privilege not in (*_ON[kind], OWNERSHIP) and not creates:
            shown = "TABLE" if kind == "VIEW" else kind.replace(" ", "_")
            raise compilation_error(f"Invalid object type '{shown}' for privilege '{privilege}'.", "003008", "42501")
    return privileges
