"""COPY INTO a table: which files, which rows of them, and what is told about each."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from emulator.engine.columns import duckdb_type
from emulator.errors import SqlError, compilation_error, unsupported
from emulator.loading import files, formats
from emulator.loading.formats import FileFormat
from emulator.loading.queries import StageRelations
from emulator.names import Name, literal, quote
from emulator.result import Column, Result, status, table
from emulator.session import Session
from emulator.words import Value

_SKIP = re.compile(r"SKIP_FILE(?:_(\d+)(%?))?")
_ROWS = "COPY$ROWS"
_NOT_LOADED = (
    "If you would like to continue loading when an error is encountered, use other values such as 'SKIP_FILE' or "
    "'CONTINUE' for the ON_ERROR option. For more information on loading options, please run 'info loading_data' in a "
    "SQL client."
)
_NUMERIC = ("Numeric value '{}' is not recognized", "100038", "22018")
_FAILED = {
    "fixed": _NUMERIC,
    "real": _NUMERIC,
    "boolean": ("Boolean value '{}' is not recognized", "100037", "22018"),
    "date": ("Date '{}' is not recognized", "100040", "22007"),
    "time": ("Time '{}' is not recognized", "100108", "22007"),
}
_TIMESTAMP = ("Timestamp '{}' is not recognized", "100035", "22007")


@dataclass(slots=True)
class Copy:
    """What a COPY INTO a table says."""

    table: Name
    columns: list[str] | None
    location: str
    query: str | None = None
    file_format: Value | dict[str, Value] | None = None
    options: dict[str, Value] = field(default_factory=dict)

    def flag(self, option: str) -> bool:
        return str(self.options.get(option, "FALSE")).upper() == "TRUE"

    def text(self, option: str, default: str) -> str:
        return str(self.options.get(option, default)).upper()


@dataclass(slots=True)
class Loaded:
    """What COPY answers for a file."""

    file: str
    state: str = "LOADED"
    parsed: int = 0
    loaded: int = 0
    limit: int | None = 1
    errors: int = 0
    first: str | None = None
    line: int | None = None
    character: int | None = None
    column: str | None = None

    @property
    def row(self) -> tuple[object, ...]:
        return (
            self.file, self.state, self.parsed, self.loaded, self.limit, self.errors, self.first, self.line,
            self.character, self.column,
        )  # fmt: skip


def load(session: Session, copy: Copy) -> Result:
    """Load the files at the location that this table has not loaded before, all or none. Raises SqlError."""
    stage, below = files.locate(session, copy.location)
    chosen = formats.chosen(session, copy.file_format, files.stage_format(session, stage))
    found = _files(session, copy, stage, below)
    new, skipped = [], []
    known = _loaded_before(session, copy.table)
    for shown, path in found:
        old = not copy.flag("FORCE") and known.get(str(path), 0.0) > path.stat().st_mtime
        (skipped if old else new).append((shown, path))
    listed = [Loaded(shown, "LOAD_SKIPPED", limit=None, errors=1, first="File was loaded before.")
              for shown, _ in skipped if "FILES" in copy.options]  # fmt: skip
    if not new and not listed:
        return status("Copy executed with 0 files processed.")
    connection = session.connection
    own = not connection.in_transaction
    if own:
        connection.begin(session)
    try:
        done = [_Loader(session, copy, chosen).load(shown, path) for shown, path in new]
        if own:
            connection.commit(session)
    except BaseException:
        if own:
            connection.rollback(session)
        raise
    if copy.flag("PURGE"):
        for (_, path), outcome in zip(new, done, strict=True):
            if outcome.state == "LOADED":
                path.unlink()
    return table(
        "file status rows_parsed:fixed rows_loaded:fixed error_limit:fixed errors_seen:fixed first_error "
        "first_error_line:fixed first_error_character:fixed first_error_column_name",
        [outcome.row for outcome in [*done, *listed]],
    )


def _files(session: Session, copy: Copy, stage: Name, below: str) -> list[tuple[str, Path]]:
    names = copy.options.get("FILES")
    if names is None:
        pattern = copy.options.get("PATTERN")
        return files.shown_files(session, stage, below, None if pattern is None else str(pattern))
    folder = session.server.stages
    base = below if not below or below.endswith("/") else f"{below}/"
    found: list[tuple[str, Path]] = []
    for name in names:
        path = folder.path(stage, base + name)
        if not path.is_file():
            raise SqlError(
                f"Remote file '{copy.location.rstrip('/')}/{name}' was not found. There are several potential causes. "
                "The file might not exist. The required credentials may be missing or invalid.",
                "091016",
                "22000",
            )
        found += [item for item in files.shown_files(session, stage, base + name) if item[1] == path]
    return found


def _loaded_before(session: Session, target: Name) -> dict[str, float]:
    """When each file was loaded into the table, in seconds since 1970."""
    rows = session.connection.native(
        session,
        f"select FILE_NAME, epoch(max(LAST_LOAD_TIME)) as at from {_history(target)} "
        "where SCHEMA_NAME = ? and TABLE_NAME = ? group by all",
        [target.schema, target.name],
    )
    return {row["FILE_NAME"]: row["at"] for row in rows.to_pylist()}


def forget_loads(session: Session, target: Name) -> None:
    """The table is empty: it may load the same files again."""
    session.connection.native(
        session,
        f"delete from {_history(target)} where SCHEMA_NAME = ? and TABLE_NAME = ?",
        [target.schema, target.name],
    )


def _history(target: Name) -> str:
    return f"{quote(target.database)}._fs_information_schema._fs_load_history"


class _Loader:
    """Loads file after file of one COPY."""

    def __init__(self, session: Session, copy: Copy, chosen: FileFormat) -> None:
        self._session = session
        self._copy = copy
        self._format = chosen
        on_error = copy.text("ON_ERROR", "ABORT_STATEMENT")
        self._skip = _SKIP.fullmatch(on_error)
        if not self._skip and on_error not in ("ABORT_STATEMENT", "CONTINUE"):
            raise compilation_error(f"invalid value '{on_error}' for parameter 'ON_ERROR'", "001008", "22023")
        self._on_error = on_error
        if copy.query is not None and on_error != "ABORT_STATEMENT":
            raise unsupported("ON_ERROR other than ABORT_STATEMENT in a COPY with a query")

    def load(self, shown: str, path: Path) -> Loaded:
        if self._copy.query is not None:
            count = self._transform(path)
            outcome = Loaded(shown, parsed=count, loaded=count)
        else:
            try:
                outcome = self._load_rows(shown, path)
            except SqlError as error:
                raise formats.column_count_error(error, shown) from error
        if outcome.state != "LOAD_FAILED":
            self._remember(path, outcome)
        return outcome

    def _remember(self, path: Path, outcome: Loaded) -> None:
        target = self._copy.table
        self._session.connection.native(
            self._session,
            f"insert into {_history(target)} values (?, ?, ?, now(), ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [target.schema, str(path), target.name, outcome.state, outcome.loaded, outcome.parsed, outcome.first,
             outcome.line, outcome.character, outcome.column, outcome.errors, outcome.limit],
        )  # fmt: skip

    def _insert(self, columns: list[str] | None, query: str) -> int:
        into = f"({', '.join(quote(name) for name in columns)}) " if columns is not None else ""
        text = f"insert into {self._copy.table.sql} {into}{query}"
        return int(self._session.connection.execute(self._session, text).scalar())

    def _transform(self, path: Path) -> int:
        with closing(StageRelations(self._session, self._copy.query or "", self._format, path)) as relations:
            return self._insert(self._copy.columns, self._plain_texts(relations.text))

    def _plain_texts(self, query: str) -> str:
        """The query with VARIANT values for VARCHAR columns as Snowflake casts them: a text without its quotes.

        DuckDB would keep them; a path into an object drops them.
        """
        columns = self._session.connection.describe(self._session, query).columns
        targets = self._targets()
        values = [
            f"object_construct('v', c{i}):v::varchar" if (column.type, target.type) == ("variant", "text") else f"c{i}"
            for i, (column, target) in enumerate(zip(columns, targets, strict=False))
        ]
        if not any("::" in value for value in values):
            return query
        names = ", ".join(f"c{i}" for i in range(len(columns)))
        return f"select {', '.join(values)} from ({query}) as q({names})"

    # ---- without a query: every column of the file goes to one of the table

    def _load_rows(self, shown: str, path: Path) -> Loaded:
        targets = self._targets()
        native, session = self._session.connection.native, self._session
        query, sources = self._sources(path, targets)
        loaded = [column for column in targets if column.name in sources]
        casts = [f"{sources[c.name]} as r{i}, {_cast(sources[c.name], c)} as c{i}" for i, c in enumerate(loaded)]
        native(
            session,
            f"create or replace temp table {quote(_ROWS)} as select n, {', '.join(casts)} "
            f"from (select *, row_number() over () as n from ({query}))",
        )
        session.connection.temporary.add((self._copy.table.database, "INFORMATION_SCHEMA", _ROWS))
        try:
            wrong = [f"(r{i} is not null and c{i} is null)" for i in range(len(loaded))]
            [counts] = native(
                session,
                f"select count(*) as parsed, count(*) filter ({' or '.join(wrong)}) as failed from {quote(_ROWS)}",
            ).to_pylist()
            outcome = Loaded(shown, parsed=counts["parsed"], errors=counts["failed"])
            outcome.limit = {"ABORT_STATEMENT": 1, "CONTINUE": outcome.parsed}.get(self._on_error, self._limit(outcome))
            if outcome.errors:
                self._explain(outcome, loaded, wrong)
            if not self._skips(outcome):
                kept = " and ".join(f"not {condition}" for condition in wrong)
                rows = f"{quote(self._copy.table.database)}.INFORMATION_SCHEMA.{quote(_ROWS)}"
                values = ", ".join(f'"c{i}"' for i in range(len(loaded)))
                outcome.loaded = self._insert(
                    [column.name for column in loaded], f"select {values} from {rows} where {kept}"
                )
            return outcome
        finally:
            native(session, f"drop table if exists temp.main.{quote(_ROWS)}")

    def _targets(self) -> list[Column]:
        described = self._session.connection.execute(self._session, f"select * from {self._copy.table.sql} limit 0")
        if self._copy.columns is None:
            return described.columns
        by_name = {column.name: column for column in described.columns}
        for name in self._copy.columns:
            if name not in by_name:
                raise compilation_error(f"invalid identifier '{name}'", "000904", "42000")
        return [by_name[name] for name in self._copy.columns]

    def _sources(self, path: Path, targets: list[Column]) -> tuple[str, dict[str, str]]:
        """A query on the file, and its expression for each column of the table that gets one."""
        match = self._copy.text("MATCH_BY_COLUMN_NAME", "NONE")
        chosen = self._format
        if match != "NONE":
            query, own = self._named(path)
            folded: dict[str, str] = {}
            for name, expression in own:
                key = name if match == "CASE_SENSITIVE" else name.upper()
                folded[key] = f"coalesce({folded[key]}, {expression})" if key in folded else expression
            names = {c.name: c.name if match == "CASE_SENSITIVE" else c.name.upper() for c in targets}
            return query, {name: folded[key] for name, key in names.items() if key in folded}
        if chosen.type == "CSV":
            query = chosen.rows(path, "", len(targets))
            return query, {c.name: chosen.field(f'"COLUMN{i}"') for i, c in enumerate(targets, start=1)}
        if len(targets) != 1 or targets[0].type not in ("variant", "object", "array"):
            raise compilation_error(
                f"{chosen.type} file format can produce one and only one column of type variant, object, or array. "
                "Load data into separate columns using the MATCH_BY_COLUMN_NAME copy option or copy with "
                "transformation.",
                "002019",
                "0A000",
            )
        return chosen.rows(path, ""), {targets[0].name: '"COLUMN1"'}

    def _named(self, path: Path) -> tuple[str, list[tuple[str, str]]]:
        """A query on the file, and its own columns with an expression for each."""
        native, chosen = self._session.connection.native, self._format
        if chosen.type == "JSON":
            query = chosen.rows(path, "")
            keys = native(self._session, f'select distinct unnest(json_keys("COLUMN1")) as k from ({query})')
            own = sorted(row["k"] for row in keys.to_pylist())
            # a JSON null is NULL in a column; texts lose their quotes
            return query, [(key, f'"COLUMN1" ->> {literal(_pointer(key))}') for key in own]
        if chosen.type == "CSV" and not chosen.flag("PARSE_HEADER"):
            raise compilation_error(
                "MATCH_BY_COLUMN_NAME needs PARSE_HEADER = TRUE in a CSV file format.", "002019", "0A000"
            )
        query = chosen.named_columns(path)
        described = native(self._session, f"describe {query}").to_pylist()
        return query, [(row["column_name"], chosen.field(quote(row["column_name"]))) for row in described]

    # ---- errors

    def _limit(self, outcome: Loaded) -> int:
        count, percent = (self._skip[1], self._skip[2]) if self._skip else (None, "")
        if count is None:
            return 1
        return max(1, int(count) * outcome.parsed // 100) if percent else int(count)

    def _skips(self, outcome: Loaded) -> bool:
        """Whether the file stays out; sets its state."""
        if self._skip and outcome.errors >= (outcome.limit or 1):
            outcome.state = "LOAD_FAILED"
            return True
        if outcome.errors:
            outcome.state = "PARTIALLY_LOADED" if outcome.errors < outcome.parsed else "LOAD_FAILED"
        return False

    def _explain(self, outcome: Loaded, loaded: list[Column], wrong: list[str]) -> None:
        """Tell the first error. Raises it when ON_ERROR says so."""
        [row] = self._session.connection.native(
            self._session, f"select * from {quote(_ROWS)} where {' or '.join(wrong)} order by n limit 1"
        ).to_pylist()
        place, column = next(
            (i, c) for i, c in enumerate(loaded) if row[f"r{i}"] is not None and row[f"c{i}"] is None
        )  # fmt: skip
        message, code, state = _FAILED.get(column.type, _TIMESTAMP)
        target = f'"{self._copy.table.name}"["{column.name}":{place + 1}]'
        outcome.first = message.format(row[f"r{place}"])
        outcome.line = row["n"] + (self._format.header_lines if self._format.type == "CSV" else 0)
        outcome.character, outcome.column = 1, target
        if self._on_error == "ABORT_STATEMENT":
            raise SqlError(
                f"{outcome.first}\n  File '{outcome.file}', line {outcome.line}, character 1\n"
                f"  Row {row['n']}, column {target}\n  {_NOT_LOADED}",
                code,
                state,
            )


def _pointer(key: str) -> str:
    return '$."' + key.replace('"', '\\"') + '"'


def _cast(source: str, column: Column) -> str:
    """The value in the column's type; NULL when it has none there."""
    kind = duckdb_type(column)
    if kind == "JSON":
        return f"to_json({source})"
    if kind == "BLOB":
        return f"try(case when typeof({source}) = 'BLOB' then {source}::blob else unhex({source}::varchar) end)"
    return f"try_cast({source} as {kind})"
