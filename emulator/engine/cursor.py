"""fakesnow's cursor with our rewrites before its own, and DuckDB's MERGE in place of its emulation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from fakesnow import transforms
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.statement_type import statement_type_id
from sqlglot import ErrorLevel, Expr, exp

from emulator.engine import patches
from emulator.engine.columns import MAXIMAL_TEXT, columns_of, with_json_text
from emulator.engine.guards import Tree
from emulator.engine.particulars import Particulars, Place
from emulator.engine.rewrite import rewrite
from emulator.result import UNKNOWN, ArrowResult, Column

if TYPE_CHECKING:
    from fakesnow.conn import FakeSnowflakeConnection

    from emulator.session import Session

patches.apply()

_COUNTS: dict[type[Expr], tuple[str, ...]] = {
    exp.Insert: ("number of rows inserted",),
    exp.Update: ("number of rows updated", "number of multi-joined rows updated"),
    exp.Delete: ("number of rows deleted",),
}
_STATUS: dict[type[Expr], dict[str, str]] = {
    exp.Create: {"TABLE": "Table {} successfully created.", "VIEW": "View {} successfully created."},
    exp.Drop: dict.fromkeys(("TABLE", "VIEW"), "{} successfully dropped."),
    exp.Alter: {"TABLE": "Statement executed successfully."},
}
# what fakesnow's transforms leave in a statement for its `_execute`
_OF_FAKESNOW = {
    "create_db_name", "create_file_format_name", "create_stage_name", "list_stage_name", "merge_counts",
    "put_stage_name", "result_scan_sfqid", "returning", "seed", "set_autocommit", "set_database", "set_schema",
}  # fmt: skip
_MERGE_ACTIONS = {"INSERT": "inserted", "UPDATE": "updated", "DELETE": "deleted"}


class Planned:
    """A statement of DuckDB's."""

    def __init__(self, statement: Expr) -> None:
        self.statement = statement
        self.has_binds = statement.find(exp.Placeholder) is not None

    @cached_property
    def text(self) -> str:
        """The text of a plain one. The statement is not to be rendered again: sqlglot changes it as it writes."""
        return self.statement.sql(dialect="duckdb", copy=False, unsupported_level=ErrorLevel.IGNORE)


class Cursor(FakeSnowflakeCursor):
    """Runs one statement. Errors are fakesnow's and DuckDB's own; `failures.translate` words them."""

    def __init__(self, conn: FakeSnowflakeConnection, particulars: Particulars) -> None:
        super().__init__(conn, conn._duck_conn)  # noqa: SLF001 - as FakeSnowflakeConnection.cursor does
        self._particulars = particulars
        self._answered: list[Column] | None = None
        self._kind = UNKNOWN
        self._merge_kinds: list[str] | None = None
        self._defined: list[Expr] = []

    def plan(self, expression: Expr, params: Any, session: Session) -> list[Planned]:
        """The DuckDB statements that stand for a Snowflake one. Consumes the expression."""
        self.check_db_and_schema(expression)
        self._kind = statement_type_id(expression)
        if isinstance(expression, exp.Merge):
            self._merge_kinds = [_action(when) for when in expression.args["whens"].expressions]
        tree = Tree(expression)
        rewrite(tree, session)
        several = self._transform_explode(tree.expression)
        trees = [Tree(one) for one in several] if len(several) > 1 else [tree]
        return [Planned(self._transform_tree(one, params)) for one in trees]

    def _transform(self, expression: Expr, params: Any) -> Expr:
        return self._transform_tree(Tree(expression), params)

    def _transform_tree(self, tree: Any, params: Any) -> Expr:
        """fakesnow's chain of transforms, without those that have nothing to change in this statement."""
        changed: Any = super()._transform(tree, params)
        return changed.expression

    def _transform_explode(self, expression: Expr) -> list[Expr]:
        for split in (
            transforms.create_table_autoincrement,
            transforms.alter_table_add_multiple_columns,
            _one_column_each,
            transforms.insert_overwrite,
        ):
            statements = split(expression)
            if len(statements) > 1:
                return statements
        return [expression]

    def run(self, statements: list[Planned], params: Any) -> None:
        for planned in statements:
            binds = params if planned.has_binds else None
            self._answered = None
            if _is_plain(planned.statement):
                self._run(planned, binds)
            else:
                self._execute(planned.statement, binds)

    def _run(self, planned: Planned, binds: Any) -> None:
        """As fakesnow's `_execute`, which asks DuckDB for the words of every answer."""
        answer = self._duck_conn.execute(planned.text, binds)
        statement = planned.statement
        if names := _COUNTS.get(type(statement)):
            [(self._rowcount,)] = answer.fetchall()
            counts = [self._rowcount, *[0] * (len(names) - 1)]
            self._arrow_table = pa.table([[count] for count in counts], names=list(names))
            self._answered = [Column(name, "fixed", 38, 0) for name in names]
        elif status := _STATUS.get(type(statement)):
            self._defined.append(statement)
            text = status[statement.args["kind"]].format(next(_tables(statement)).name)
            self._arrow_table, self._rowcount = pa.table({"status": [text]}), 1
            self._answered = [Column("status", length=MAXIMAL_TEXT)]
        else:
            rows: Any = answer.to_arrow_table()
            self._arrow_table = rows
            self._rowcount = rows.num_rows
            self._answered = columns_of(answer.description or [])
            self._defined.append(statement)

    def remember(self) -> None:
        """What DuckDB does not keep of the tables that were defined. It is in a database of its own, which a
        transaction that changes another cannot write to.
        """
        for statement in self._defined:
            self._remember(statement)
        self._defined.clear()

    def _remember(self, statement: Expr) -> None:
        args = statement.args
        if isinstance(statement, (exp.Create, exp.Drop)):
            for table in _tables(statement):
                self._particulars.forget(self._duck_conn, self._place(table))
        commented, comment = args.get("table_comment") or (None, None)
        if commented is not None and comment is not None:
            self._particulars.comment(self._duck_conn, self._place(commented), comment)
        if lengths := args.get("text_lengths"):
            self._particulars.lengths(self._duck_conn, self._place(next(_tables(statement))), lengths)

    def _place(self, table: exp.Table) -> Place:
        return table.catalog or self._conn.database or "", table.db or self._conn.schema or "", table.name

    def describe_change(self, text: str) -> Sequence[tuple[Any, ...]]:
        """DuckDB's description of the counts that a statement other than a query answers."""
        return self._describe_only(text) or [("status", "VARCHAR")]

    def result(self) -> ArrowResult:
        """The result of the last statement."""
        table = with_json_text(self._arrow_table) if self._arrow_table is not None else pa.table({})
        if self._merge_kinds is not None:
            counts = _merge_counts(self._merge_kinds, table)
            names = counts.column_names
            return ArrowResult(columns_of((name, "BIGINT") for name in names), statement_type=self._kind, arrow=counts)
        columns = self._answered or columns_of(self._duck_conn.description or [])
        return ArrowResult(columns, statement_type=self._kind, arrow=table)


def _is_plain(statement: Expr) -> bool:
    """Whether all there is to do is to run it."""
    known = isinstance(statement, (exp.Query, *_COUNTS)) or statement.args.get("kind") in _STATUS.get(
        type(statement), ()
    )
    return known and not any(statement.args.get(key) for key in _OF_FAKESNOW)


def _one_column_each(statement: Expr) -> list[Expr]:
    """DuckDB drops one column at a time."""
    actions = statement.args.get("actions") or [] if isinstance(statement, exp.Alter) else []
    if len(actions) != 1 or not isinstance(actions[0], exp.Drop):
        return [statement]
    several = []
    for column in actions[0].args["tables"]:
        alter = statement.copy()
        alter.args["actions"][0].set("tables", [column])
        several.append(alter)
    return several


def _tables(definition: Expr) -> Iterator[exp.Table]:
    """The tables and views that the statement defines; those that it reads come later in it."""
    if isinstance(definition, exp.Drop):
        yield from definition.args["tables"]
    elif table := definition.find(exp.Table):
        yield table


def describe_result(described: Sequence[tuple[Any, ...]], expression: Expr) -> ArrowResult:
    """A result without rows from DuckDB's description of its columns."""
    return ArrowResult(columns_of(described), statement_type=statement_type_id(expression), arrow=pa.table({}))


def _merge_counts(kinds: list[str], actions: pa.Table) -> pa.Table:
    """One row with a count per kind of action that the MERGE has a clause for."""
    done = actions.column("merge_action").to_pylist() if actions.num_rows else []
    counts = {
        f"number of rows {word}": pa.array([done.count(kind)], pa.int64())
        for kind, word in _MERGE_ACTIONS.items()
        if kind in kinds
    }
    return pa.table(counts)


def _action(when: exp.When) -> str:
    then = when.args.get("then")
    return (then.name if isinstance(then, exp.Var) else then.key).upper() if isinstance(then, Expr) else ""
