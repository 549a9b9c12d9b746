"""Creates IDR's schemas and tables, brings earlier layouts up to date, and adds the columns of a configuration."""

from __future__ import annotations

from idr import __version__
from idr.errors import IdrError
from idr.model import Config
from idr.statement import folder
from idr.warehouse import Row, Warehouse

LAYOUT = 2
"""The layout of the tables that this code reads and writes: the number of the last file in `setup/migrations`."""

_TABLES = ("schemas", "idr_meta", "run_state", "idr_out", "schedule", "layout")
_OWN_COLUMNS = frozenset({"entity_id", "entity_key", "source_id", "record_ts", "resolved_id", "updated_ts"})


def layout(wh: Warehouse) -> int | None:
    """The layout of the tables; None when there are none. IDR-506 when a newer version of IDR made them."""
    if wh.table_columns("idr_meta.layout") is None:
        return None if wh.table_columns("idr_out.run_history") is None else 1
    rows = wh.query("select number from idr_meta.layout")
    found = int(rows[0]["number"]) if rows else 1
    if found > LAYOUT:
        raise IdrError.of(
            "IDR-506",
            f"the tables have layout {found}, this version of IDR ({__version__}) knows layouts up to {LAYOUT}",
            where="idr_meta.layout",
            fix="Use the version of IDR that wrote them, or a newer one",
        )
    return found


def install(wh: Warehouse) -> None:
    """Create every schema, table and view that is missing, and migrate those of an earlier layout, in one transaction.

    Running it again changes nothing. IDR-506 when the tables are of a newer version.
    """
    found = layout(wh) or 1
    with wh.transaction():
        for name in _TABLES:
            _run_file(wh, name)
        for number, name in _migrations():
            if number > found:
                _run_file(wh, f"migrations/{name}")
        _run_file(wh, "views")


def _migrations() -> list[tuple[int, str]]:
    """Number and name of each migration, in order."""
    files = folder("setup").joinpath("migrations").iterdir()
    return sorted((int(file.name[:4]), file.name.removesuffix(".sql")) for file in files)


def restore_state(wh: Warehouse) -> None:
    """Create the tables that remember the last publish, and their single rows, where they are missing.

    In an application the other objects are the setup script's: replacing a view would take away its grants.
    """
    _run_file(wh, "run_state")


def _run_file(wh: Warehouse, name: str) -> None:
    text = folder("setup").joinpath(*f"{name}.sql".split("/")).read_text(encoding="utf-8")
    body = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    for statement in filter(str.strip, body.split(";\n")):
        wh.execute(statement.strip().rstrip(";"))


def only_row(wh: Warehouse, table: str) -> Row:
    """The single row of a table that remembers the state; IDR-115 when it was deleted or doubled by hand."""
    rows = wh.query(f"select * from {table}")
    if len(rows) != 1:
        fix = "Apply the configuration again: it restores a missing row" if not rows else "Delete all but one row"
        raise IdrError.of("IDR-115", f"it has {len(rows)} rows instead of one", where=table, fix=fix)
    return rows[0]


def state_columns(config: Config) -> tuple[str, ...]:
    """The columns of `idr_out.entity_current` that the configuration decides."""
    return (*(f"i_{name}" for name in sorted(config.identifiers)), *(f"a_{name}" for name in config.attributes))


def _decided(config: Config) -> dict[str, tuple[str, ...]]:
    """Per published table the columns that the configuration decides."""
    return {
        "idr_out.entity_current": state_columns(config),
        "idr_out.golden_profile_current": config.attributes,
        "idr_out.golden_provenance_current": config.attributes,
    }


class PublishedColumns:
    """The columns of the published tables that a configuration decides; each table is looked up once.

    Names were checked against `[a-z][a-z0-9_]*` when the configuration was.
    """

    def __init__(self, wh: Warehouse) -> None:
        self._wh = wh
        self._known: dict[str, list[str]] = {}

    def of(self, table: str) -> list[str]:
        if table not in self._known:
            self._known[table] = [column.name.lower() for column in self._wh.table_columns(table) or []]
        return self._known[table]

    def add(self, config: Config) -> None:
        """Add what the tables lack for this configuration."""
        for table, wanted in _decided(config).items():
            missing = [name for name in wanted if name not in self.of(table)]
            self._wh.add_columns(table, missing)
            self._known[table] = [*self.of(table), *missing]

    def drop(self, config: Config) -> None:
        """Drop the columns of identifiers and attributes that the configuration no longer has."""
        for table, wanted in _decided(config).items():
            surplus = [name for name in self.of(table) if name not in wanted and name not in _OWN_COLUMNS]
            self._wh.drop_columns(table, surplus)
            self._known[table] = [name for name in self.of(table) if name not in surplus]
