"""SHOW TABLES, VIEWS and OBJECTS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emulator.catalogue import Object
from emulator.errors import unsupported
from emulator.grants import Grantee, Securable
from emulator.names import Name, like
from emulator.result import Result, table
from emulator.statement import Request, statement
from emulator.statements.databases import complete_databases
from emulator.statements.scope import finish, of_schema


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view, with what the catalogue knows of it."""

    name: Name
    kind: str
    record: Object
    owner: Grantee

    @property
    def owner_type(self) -> str:
        return self.owner.kind.replace(" ", "_")


def relations(request: Request, *kinds: str) -> Iterator[Relation]:
    """Those that the statement asks for and that the session may see, in order of database, schema and name."""
    listing, server = of_schema(request), request.server
    databases = {item.name: item for item in complete_databases(request)}
    for name, kind in server.databases.listing(listing.database, listing.schema):
        on = Securable(kind, name.name, name.database, name.schema)
        if kind in kinds and name.database in databases and like(listing.pattern, name.name) and listing.sees(on):
            known = server.catalogue.get(kind, name)  # what is not on record is as old as its database
            record = known or Object(kind, name.name, created_on=databases[name.database].created_on)
            yield Relation(name, kind, record, server.grants.owner(on))


def _rows_of(request: Request, relation: Relation) -> int | None:
    return request.server.databases.count(relation.name) if relation.kind == "TABLE" else None


@statement("SHOW [TERSE] TABLES [HISTORY]")
def show_tables(request: Request) -> Result:
    rows: list[tuple[Any, ...]] = [
        (
            t.record.created_on, t.name.name, t.name.database, t.name.schema,
            "TRANSIENT" if t.record.definition.get("transient") else "TABLE", t.record.comment, "",
            _rows_of(request, t), None, t.owner.name, "1", "OFF", "OFF", "OFF", None, None, "N", "N", t.owner_type,
            "N", None, "N", "N", "N", "N",
        )
        for t in relations(request, "TABLE")
    ]  # fmt: skip
    result = table(
        "created_on:timestamp_ltz name database_name schema_name kind comment cluster_by rows:fixed bytes:fixed owner "
        "retention_time automatic_clustering change_tracking search_optimization search_optimization_progress "
        "search_optimization_bytes:fixed is_external enable_schema_evolution owner_role_type is_event budget is_hybrid "
        "is_iceberg is_dynamic is_immutable",
        rows,
    )
    return finish(request, result)


@statement("SHOW [TERSE] VIEWS")
def show_views(request: Request) -> Result:
    rows: list[tuple[Any, ...]] = [
        (
            v.record.created_on, v.name.name, "", v.name.database, v.name.schema, v.owner.name, v.record.comment,
            v.record.definition.get("text", ""), str(v.record.definition.get("secure", False)).lower(), "false",
            v.owner_type, "OFF",
        )
        for v in relations(request, "VIEW")
    ]  # fmt: skip
    result = table(
        "created_on:timestamp_ltz name reserved database_name schema_name owner comment text is_secure is_materialized "
        "owner_role_type change_tracking",
        rows,
    )
    return finish(request, result, "VIEW")


@statement("SHOW [TERSE] OBJECTS")
def show_objects(request: Request) -> Result:
    rows: list[tuple[Any, ...]] = [
        (
            one.record.created_on, one.name.name, one.name.database, one.name.schema, one.kind, one.record.comment, "",
            _rows_of(request, one), None, one.owner.name, "1", one.owner_type, None, "N", "N", "N",
        )
        for one in relations(request, "TABLE", "VIEW")
    ]  # fmt: skip
    result = table(
        "created_on:timestamp_ltz name database_name schema_name kind comment cluster_by rows:fixed bytes:fixed owner "
        "retention_time owner_role_type budget is_hybrid is_dynamic is_iceberg",
        rows,
    )
    return finish(request, result)


@statement("UNDROP")
def undrop(request: Request) -> Result:
    """What is dropped is gone: the local Snowflake has no Time Travel."""
    raise unsupported(f"UNDROP {request.words.word().upper()}")
