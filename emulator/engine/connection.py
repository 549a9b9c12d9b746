"""A session's connection to the databases: one statement at a time, Snowflake's transactions, queued writers."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from snowflake.connector.errors import Error as ConnectorError
from sqlglot import Expr, exp, parse, parse_one
from sqlglot.errors import ParseError

from emulator.engine import access, records
from emulator.engine.binds import Parameters, Rows
from emulator.engine.column_texts import remember_texts
from emulator.engine.cursor import Cursor, describe_result
from emulator.engine.failures import at_first_word, is_conflict, name_missing, parse_failure, translate
from emulator.engine.journal import Change, Journal
from emulator.engine.prepared import Prepared, is_write
from emulator.engine.rewrite import bind_functions, full_name
from emulator.engine.spelling import respell
from emulator.engine.statuses import nothing_to_do
from emulator.errors import SqlError, compilation_error
from emulator.names import literal, quote
from emulator.parameters import DEFAULTS, value_of
from emulator.result import ArrowResult

if TYPE_CHECKING:
    from emulator.engine.databases import Databases
    from emulator.engine.locks import TableLocks
    from emulator.session import Session

_ATTEMPTS = 40
_REMEMBERED = 1000

_parsed: OrderedDict[str, Expr | None] = OrderedDict()  # None: seen once, so not worth a copy yet
_parsed_lock = threading.Lock()


def parse_statement(text: str) -> Expr:
    """The parsed statement, which is the caller's to change. Raises Snowflake's syntax error."""
    with _parsed_lock:
        again, known = text in _parsed, _parsed.get(text)
    if known is None:
        try:
            statements = [statement for statement in parse(respell(text), read="snowflake") if statement is not None]
        except ParseError as error:
            raise parse_failure(error, text) from None
        if not statements:
            raise compilation_error("Empty SQL statement.", "000900", "42601")
        if len(statements) > 1:
            raise SqlError(
                f"Actual statement count {len(statements)} did not match the desired statement count 1.",
                "000008",
                "0A000",
            )
        known = statements[0]
        if isinstance(
            known, (exp.Condition, exp.Alias)
        ):  # sqlglot reads words that begin no statement as an expression
            raise at_first_word(text)
        remember_texts(known, text)
        with _parsed_lock:
            _parsed[text] = known if again else None
            while len(_parsed) > _REMEMBERED:
                _parsed.popitem(last=False)
    return known.copy() if again else known


class _Conflict(Exception):  # noqa: N818 - a signal, not an error
    """Two transactions met, and this one had changed nothing yet."""


class Connection:
    """One DuckDB connection and its transaction; a session shares it with the procedures that it calls."""

    def __init__(self, databases: Databases, locks: TableLocks) -> None:
        self.lock = threading.RLock()
        self.temporary: set[tuple[str, str, str]] = set()
        self._fake = databases.connect()
        self._duck: duckdb.DuckDBPyConnection = self._fake._duck_conn  # noqa: SLF001 - it has no other way
        self._particulars = databases.particulars
        self._locks = locks
        self._time_zone = "UTC"
        self.owner: Session | None = None  # the frame whose BEGIN opened the transaction
        self.transaction_id: str | None = None
        self._begun = False
        self._lost: SqlError | None = None
        self._journal = Journal()

    @property
    def in_transaction(self) -> bool:
        return self.transaction_id is not None

    def execute(self, session: Session, text: str, rows: Rows | None = None) -> ArrowResult:
        """Run a statement that DuckDB can answer. Raises SqlError."""
        with self.lock:
            try:
                expression = parse_statement(text)
                if "$" in text:
                    self._replace_variables(expression)
                access.check(expression, session)
                if answer := nothing_to_do(expression, session):
                    return answer
                if rows and len(rows) == 1:
                    rows = [bind_functions(expression, rows[0])]
                follow = records.follower(expression, session)
                result = self._execute(session, expression, rows or [None])
                if follow:
                    follow()
                return result
            except (ConnectorError, duckdb.Error, NotImplementedError) as error:
                raise name_missing(translate(error, text), text, session) from error

    def _replace_variables(self, expression: Expr) -> None:
        """`$name` becomes its value; fakesnow would replace it inside of texts, too."""
        values = self._fake.variables._variables  # noqa: SLF001 - it has no way to read them
        for parameter in list(expression.find_all(exp.Parameter)):
            name = parameter.name.upper()
            if isinstance(parameter.this, exp.Literal):
                continue
            if name not in values:
                raise compilation_error(f"Session variable '${name}' does not exist", "002211", "02000")
            parameter.replace(parse_one(values[name], read="snowflake"))

    def unset(self, names: Sequence[str]) -> None:
        """Forget session variables; those that are not set are passed over."""
        with self.lock:
            for name in names:
                self._fake.variables._variables.pop(name.upper(), None)  # noqa: SLF001 - it has no way to forget them

    def describe(self, session: Session, text: str) -> ArrowResult:
        """The columns of a statement's result, without running it."""
        with self.lock:
            try:
                expression = parse_statement(text)
                access.check(expression, session)
                self._stand_in(session)
                if isinstance(expression, exp.Query):
                    for placeholder in list(expression.find_all(exp.Placeholder)):
                        placeholder.replace(exp.null())
                    cursor = Cursor(self._fake, self._particulars)
                    [statement] = cursor.plan(expression, None, session)
                    described = self._duck.execute(f"describe {statement.text}").fetchall()
                    return describe_result(described, expression)
                described = Cursor(self._fake, self._particulars).describe_change(text)
                return describe_result(described, expression)
            except (ConnectorError, duckdb.Error, NotImplementedError) as error:
                raise name_missing(translate(error, text), text, session) from error

    def _execute(self, session: Session, expression: Expr, rows: Sequence[Parameters | None]) -> ArrowResult:
        described = expression.find(exp.Table) if isinstance(expression, exp.Describe) else None
        # fakesnow looks a described table's columns up in the current database
        self._stand_in(session, full_name(described, session)[:2] if described and described.catalog else None)
        if is_write(expression):
            self._prepare_write(session, expression)
        statement = Prepared(session, Cursor(self._fake, self._particulars), expression, rows)
        try:
            for attempt in range(_ATTEMPTS):
                try:
                    return self._attempt(statement)
                except _Conflict:
                    time.sleep(0.005 * (attempt + 1))
            raise SqlError("Statement aborted: other transactions keep changing the same object.", "000625", "57014")
        finally:
            if not self.in_transaction:
                self._locks.release(self)

    def _attempt(self, statement: Prepared) -> ArrowResult:
        """Run the statement as a whole or not at all. Raises _Conflict when nothing is lost by trying again."""
        if self._lost:
            raise SqlError(f"The transaction was rolled back by an error: {self._lost.message}", "000628", "25000")
        session, fresh = statement.session, not self._begun
        try:
            if fresh and self.in_transaction and statement.is_write:
                self._begin_in_duckdb()
            result = self._run(statement)
        except (ConnectorError, duckdb.Error) as error:
            if fresh and is_conflict(error):
                self._abandon()
                raise _Conflict from error
            if fresh or not self._begun:
                self._abandon()
            else:
                self._restore(error)
            raise
        if self._begun and statement.is_write:
            place = (session.database, session.schema)
            self._journal.add(Change(statement, place, list(result.rows or result.fetch())))
        return result

    def _restore(self, error: Exception) -> None:
        """Make the changes of the transaction again, without the statement that failed; else it is lost."""
        self._abandon()
        changes = self._journal.changes
        if changes is None:
            self._lost = translate(error)
            return
        try:
            self._begin_in_duckdb()
            for change in changes:
                self._stand_in(change.statement.session, change.place)
                again = self._run(change.statement)
                if list(again.rows or again.fetch()) != change.answer:
                    raise _Conflict
        except (ConnectorError, duckdb.Error, SqlError, _Conflict):
            self._abandon()
            self._lost = translate(error)

    def _run(self, statement: Prepared) -> ArrowResult:
        alone = statement.is_several and not self._begun
        if alone:
            self._begin_in_duckdb()
        result = statement.run(self._duck)
        if alone:
            self._duck.execute("commit")
            self._begun = False
        statement.remember()
        return result

    def _begin_in_duckdb(self) -> None:
        self._duck.execute("begin")
        self._begun = True

    def _abandon(self) -> None:
        if self._begun:
            self._duck.execute("rollback")
            self._begun = False

    def _prepare_write(self, session: Session, expression: Expr) -> None:
        """Open the implicit transaction of AUTOCOMMIT = FALSE; queue for the table unless rows are only added."""
        if not session.autocommit and not self.in_transaction:
            self.begin(session)
        table = expression.find(exp.Table)
        if table and not (isinstance(expression, (exp.Insert, exp.Copy)) and not expression.args.get("overwrite")):
            self._locks.acquire(self, full_name(table, session))

    def _stand_in(self, session: Session, place: tuple[str | None, str | None] | None = None) -> None:
        """Make the frame's current database and schema DuckDB's."""
        self._set_time_zone(value_of(session, "TIMEZONE"))
        fake = self._fake
        database, schema = place or (session.database, session.schema)
        if (fake.database, fake.schema, fake.schema_set) == (database, schema, bool(schema)):
            return
        inner = "_FS_INFORMATION_SCHEMA" if schema == "INFORMATION_SCHEMA" else schema
        path = f"{quote(database)}.{quote(inner or 'main')}" if database else "memory.main"
        self._duck.execute(f"set schema = '{path.replace(chr(39), chr(39) * 2)}'")
        fake.database, fake.database_set = database, database is not None
        fake._schema, fake.schema_set = inner, schema is not None  # noqa: SLF001 - `schema` is read-only

    def _set_time_zone(self, zone: str) -> None:
        zone = "UTC" if zone == DEFAULTS["TIMEZONE"] else zone
        if zone != self._time_zone:
            self._duck.execute(f"set TimeZone = {literal(zone)}")
            self._time_zone = zone

    # ---- transactions

    def begin(self, session: Session) -> None:
        """Open a transaction. DuckDB's own begins with the first write, so that reads see what others committed."""
        with self.lock:
            if not self.in_transaction:
                self.transaction_id, self.owner = str(time.time_ns()), session
            elif self.owner is not session:
                raise _other_scope()

    def commit(self, session: Session) -> None:
        """Raises 000628 when an error has rolled the transaction back before."""
        with self.lock:
            self._check_scope(session)
            lost = self._lost
            try:
                if self._begun:
                    self._duck.execute("rollback" if lost else "commit")
            except duckdb.Error as error:
                raise translate(error) from error
            finally:
                self._end()
            if lost:
                raise SqlError(
                    f"The transaction was rolled back by an error, nothing is committed: {lost.message}",
                    "000628",
                    "25000",
                )

    def rollback(self, session: Session) -> None:
        with self.lock:
            self._check_scope(session)
            self._abandon()
            self._end()

    def end_of_scope(self, session: Session) -> bool:
        """Roll back what a procedure left open; tells whether there was anything."""
        if self.in_transaction and self.owner is session:
            self.rollback(session)
            return True
        return False

    def _end(self) -> None:
        self.transaction_id, self.owner, self._begun, self._lost = None, None, False, None
        self._journal.clear()
        self._locks.release(self)

    def _check_scope(self, session: Session) -> None:
        if self.in_transaction and self.owner is not session:
            raise _other_scope()

    def native(self, session: Session, sql: str, parameters: Sequence[object] | None = None) -> pa.Table:
        """Run DuckDB's own SQL in this connection and its transaction. Raises SqlError."""
        with self.lock:
            self._stand_in(session)
            self._journal.give_up()
            try:
                return self._duck.execute(sql, parameters).to_arrow_table()
            except duckdb.Error as error:
                raise translate(error) from error

    def has_temporary(self, name: str) -> bool:
        """Whether this connection has a temporary table of the name."""
        query = "select count(*) from duckdb_tables() where temporary and table_name = ?"
        with self.lock:
            return bool(self._duck.execute(query, [name]).fetchall()[0][0])

    def register(self, name: str, rows: pa.Table) -> None:
        """Make rows a relation of this connection, outside of every database."""
        self._duck.register(name, rows)

    def unregister(self, name: str) -> None:
        self._duck.unregister(name)

    def interrupt(self) -> None:
        self._duck.interrupt()

    def close(self) -> None:
        with self.lock:
            self._abandon()
            self._end()
            self._fake.close()


def _other_scope() -> SqlError:
    return SqlError(
        "Stored procedure execution error: "
        "Modifying a transaction that has started at a different scope is not allowed.",
        "090231",
        "57014",
    )
