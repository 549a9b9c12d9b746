"""Warehouses: names with properties. Nothing here computes in them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from emulator.account import DEFAULT_WAREHOUSE, WAREHOUSE
from emulator.catalogue import Object
from emulator.errors import SqlError, already_exists, compilation_error, does_not_exist
from emulator.grants import Securable
from emulator.names import shown
from emulator.result import Result, already_dropped, done, status, table
from emulator.statement import Request, statement
from emulator.statements.scope import finish, no_such_object, of_account

KIND = "WAREHOUSE"
_SIZES = {
    "XSMALL": "X-Small", "SMALL": "Small", "MEDIUM": "Medium", "LARGE": "Large", "XLARGE": "X-Large",
    "XXLARGE": "2X-Large", "X2LARGE": "2X-Large", "2XLARGE": "2X-Large", "XXXLARGE": "3X-Large",
    "X3LARGE": "3X-Large", "3XLARGE": "3X-Large", "X4LARGE": "4X-Large", "4XLARGE": "4X-Large",
    "X5LARGE": "5X-Large", "5XLARGE": "5X-Large", "X6LARGE": "6X-Large", "6XLARGE": "6X-Large",
}  # fmt: skip
_NUMBERS = ("MIN_CLUSTER_COUNT", "MAX_CLUSTER_COUNT", "AUTO_SUSPEND", "QUERY_ACCELERATION_MAX_SCALE_FACTOR")
_ACCEPTED = {
    *WAREHOUSE, "COMMENT", "INITIALLY_SUSPENDED", "MAX_CONCURRENCY_LEVEL", "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS",
    "STATEMENT_TIMEOUT_IN_SECONDS", "WAIT_FOR_COMPLETION", "RESOURCE_CONSTRAINT", "GENERATION",
} - {"STATE"}  # fmt: skip


@statement("CREATE [OR REPLACE|OR ALTER] WAREHOUSE [IF NOT EXISTS]")
def create_warehouse(request: Request) -> Result:
    name = request.words.identifier()
    request.words.accept("WITH")
    known = request.server.catalogue.get(KIND, name)
    if known and request.has("IF NOT EXISTS"):
        return status(f"{shown(name)} already exists, statement succeeded.")
    if known and not (request.has("OR REPLACE") or request.has("OR ALTER")):
        raise already_exists(shown(name))
    options = _options(request)
    if known:
        _require(request, known, "OWNERSHIP")
    if known and request.has("OR REPLACE"):
        request.server.catalogue.drop(known)
        known = None
    suspended = str(options.pop("INITIALLY_SUSPENDED", "false")).lower() == "true"
    warehouse = known or Object(KIND, name, owner=request.session.role, definition=dict(WAREHOUSE))
    if suspended:
        warehouse.definition["STATE"] = "SUSPENDED"
    _set(warehouse, options)
    request.server.catalogue.put(warehouse)
    request.session.warehouse = name
    return status(f"Warehouse {shown(name)} successfully created.")


def _options(request: Request) -> dict[str, Any]:
    options: dict[str, Any] = dict(request.words.options())
    for key, value in options.items():
        if key not in _ACCEPTED:
            raise compilation_error(f"invalid property '{key}' for 'WAREHOUSE'", "001008", "22023")
        if key in _NUMBERS:
            options[key] = _number(key, str(value))
        elif key == "WAREHOUSE_SIZE":
            size = _SIZES.get(str(value).upper().replace("-", ""))
            if size is None:
                raise _invalid(key, str(value))
            options[key] = size
        elif key == "WAREHOUSE_TYPE":
            options[key] = str(value).upper()
        elif key in ("AUTO_RESUME", "ENABLE_QUERY_ACCELERATION"):
            options[key] = str(value).lower()
    return options


def _number(key: str, value: str) -> int:
    if value.upper() == "NULL":
        return 0
    if not value.isdigit():
        raise _invalid(key, value)
    return int(value)


def _invalid(key: str, value: str) -> SqlError:
    return compilation_error(f"invalid value [{value}] for parameter '{key}'", "001008", "22023")


def _set(warehouse: Object, options: dict[str, Any]) -> None:
    warehouse.comment = str(options.get("COMMENT", warehouse.comment))
    warehouse.definition |= {key: value for key, value in options.items() if key in WAREHOUSE}
    warehouse.definition["updated_on"] = datetime.now(UTC).isoformat()


@statement("ALTER WAREHOUSE [IF EXISTS]")
def alter_warehouse(request: Request) -> Result:
    words, catalogue = request.words, request.server.catalogue
    verbs = ("SUSPEND", "RESUME", "ABORT ALL QUERIES", "RENAME TO", "SET", "UNSET")
    unnamed = request.session.warehouse and any(words.sees(verb) for verb in verbs)
    name = str(request.session.warehouse) if unnamed else words.identifier()
    if request.has("IF EXISTS") and catalogue.get(KIND, name) is None:
        return done()
    warehouse = existing(request, name)
    verb = words.expect(*verbs)
    _require(request, warehouse, "OPERATE" if verb in verbs[:3] else "OWNERSHIP" if verb == "RENAME TO" else "MODIFY")
    if verb in ("SUSPEND", "RESUME"):
        _switch(request, warehouse, verb)
    elif verb == "RENAME TO":
        return _rename(request, warehouse)
    elif verb == "SET":
        _set(warehouse, _options(request))
    elif verb == "UNSET":
        _unset(request, warehouse)
    words.end()
    catalogue.put(warehouse)
    return done()


def _switch(request: Request, warehouse: Object, verb: str) -> None:
    """Raises 090063 or 090064 when the warehouse is in that state already."""
    state = {"SUSPEND": "SUSPENDED", "RESUME": "STARTED"}[verb]
    same = warehouse.definition["STATE"] == state
    if verb == "RESUME" and request.words.accept("IF SUSPENDED") and same:
        return
    if same:
        word, code = ("suspended", "090064") if verb == "SUSPEND" else ("resumed", "090063")
        raise SqlError(f"Invalid state. Warehouse '{shown(warehouse.name)}' cannot be {word}.", code, "22000")
    warehouse.definition["STATE"] = state
    if verb == "RESUME":
        warehouse.definition["resumed_on"] = datetime.now(UTC).isoformat()


def _rename(request: Request, warehouse: Object) -> Result:
    new = request.words.identifier()
    request.words.end()
    if request.server.catalogue.get(KIND, new):
        raise already_exists(shown(new))
    request.server.grants.rename(KIND, warehouse.full_name, Object(KIND, new).full_name)
    if request.session.warehouse == warehouse.name:
        request.session.warehouse = new
    return done()


def _unset(request: Request, warehouse: Object) -> None:
    while not request.words.ended:
        key = request.words.identifier()
        if key not in _ACCEPTED:
            raise compilation_error(f"invalid property '{key}' for 'WAREHOUSE'", "001008", "22023")
        _set(warehouse, {key: "" if key == "COMMENT" else WAREHOUSE.get(key)})
        request.words.accept(",")


@statement("DROP WAREHOUSE [IF EXISTS]")
def drop_warehouse(request: Request) -> Result:
    name = request.words.identifier()
    request.words.end()
    if request.has("IF EXISTS") and request.server.catalogue.get(KIND, name) is None:
        return already_dropped(name)
    warehouse = existing(request, name)
    _require(request, warehouse, "OWNERSHIP")
    request.server.catalogue.drop(warehouse)
    if request.session.warehouse == name:
        request.session.warehouse = None
    return status(f"{shown(name)} successfully dropped.")


@statement("DESCRIBE|DESC WAREHOUSE")
def describe_warehouse(request: Request) -> Result:
    warehouse = existing(request, request.words.identifier())
    request.words.end()
    return table("created_on:timestamp_ltz name kind", [(warehouse.created_on, warehouse.name, KIND)])


@statement("SHOW [TERSE] WAREHOUSES")
def show_warehouses(request: Request) -> Result:
    listing = of_account(request)
    rows = [_row(request, item) for item in request.server.catalogue.find(KIND) if listing.keeps(item)]
    result = table(
        "name state type size min_cluster_count:fixed max_cluster_count:fixed started_clusters:fixed running:fixed "
        "queued:fixed is_default is_current auto_suspend:fixed auto_resume available provisioning quiescing other "
        "created_on:timestamp_ltz resumed_on:timestamp_ltz updated_on:timestamp_ltz owner comment "
        "enable_query_acceleration query_acceleration_max_scale_factor:fixed resource_monitor actives:fixed "
        "pendings:fixed failed:fixed suspended:fixed uuid scaling_policy budget owner_role_type resource_constraint",
        rows,
    )
    return finish(request, result, KIND)


def _row(request: Request, item: Object) -> tuple[Any, ...]:
    d = item.definition
    started = d["STATE"] == "STARTED"
    created = item.created_on.isoformat()
    resumed, updated = (datetime.fromisoformat(d.get(key, created)) for key in ("resumed_on", "updated_on"))
    return (
        item.name, d["STATE"], d["WAREHOUSE_TYPE"], d["WAREHOUSE_SIZE"], d["MIN_CLUSTER_COUNT"],
        d["MAX_CLUSTER_COUNT"], int(started), 0, 0, "Y" if item.name == DEFAULT_WAREHOUSE else "N",
        "Y" if item.name == request.session.warehouse else "N", d["AUTO_SUSPEND"], d["AUTO_RESUME"],
        "100" if started else "", "", "", "", item.created_on, resumed, updated, item.owner, item.comment,
        d["ENABLE_QUERY_ACCELERATION"], d["QUERY_ACCELERATION_MAX_SCALE_FACTOR"], d["RESOURCE_MONITOR"],
        0, 0, 0, 0, "", d["SCALING_POLICY"], None, "ROLE", None,
    )  # fmt: skip


@statement("USE WAREHOUSE")
def use_warehouse(request: Request) -> Result:
    name = request.words.identifier()
    request.words.end()
    if name not in {item.name for item in request.server.catalogue.find(KIND)} or not _may(request, name, None):
        raise no_such_object()
    request.session.warehouse = name
    return done()


def existing(request: Request, name: str) -> Object:
    """Raises 002003 when there is no such warehouse, or the session may not know of it."""
    found = request.server.catalogue.get(KIND, name)
    if found is None or not _may(request, name, None):
        raise does_not_exist("Warehouse", shown(name))
    return found


def _may(request: Request, name: str, privilege: str | None) -> bool:
    grants = request.server.grants
    return grants.holds(grants.principals(request.session), privilege, Securable(KIND, name))


def _require(request: Request, warehouse: Object, privilege: str) -> None:
    if not _may(request, warehouse.name, privilege):
        message = f"SQL access control error:\nInsufficient privileges to operate on warehouse '{warehouse.name}'"
        raise SqlError(message, "003001", "42501")
