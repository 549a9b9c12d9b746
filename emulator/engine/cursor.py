"""fakesnow's cursor with our rewrites before its own, and DuckDB's MERGE in place of its emulation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from fakesnow import transforms
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.statement_type import statement_type_id
from sqlglot import Expr, exp

from emulator.engine import patches
from emulator.engine.columns import columns_of, with_json_text
from emulator.engine.guards import Tree
from emulator.engine.rewrite import REWRITES
from emulator.result import ArrowResult

if TYPE_CHECKING:
    from fakesnow.conn import FakeSnowflakeConnection

    from emulator.session import Session

patches.apply()

_MERGE_ACTIONS = {"INSERT": "inserted", "UPDATE": "updated", "DELETE": "deleted"}


class Cursor(FakeSnowflakeCursor):
    """Runs one statement. Errors are fakesnow's and DuckDB's own; `failures.translate` words them."""

    def __init__(self, conn: FakeSnowflakeConnection) -> None:
        super().__init__(conn, conn._duck_conn)  # noqa: SLF001 - as FakeSnowflakeConnection.cursor does

    def plan(self, expression: Expr, params: Any, session: Session) -> list[Expr]:
        """The DuckDB statements that stand for a Snowflake one. Consumes the expression."""
        self.check_db_and_schema(expression)
        for rewrite in REWRITES:
            rewrite(expression, session)
        return [self._transform(statement, params) for statement in self._transform_explode(expression)]

    def _transform(self, expression: Expr, params: Any) -> Expr:
        """fakesnow's chain of transforms, without those that have nothing to change in this statement."""
        needed: Any = Tree(expression)
        tree: Any = super()._transform(needed, params)
        return tree.expression

    def _transform_explode(self, expression: Expr) -> list[Expr]:
        for split in (
            transforms.create_table_autoincrement,
            transforms.alter_table_add_multiple_columns,
            transforms.insert_overwrite,
        ):
            statements = split(expression)
            if len(statements) > 1:
                return statements
        return [expression]

    def run(self, statements: list[Expr], params: Any) -> None:
        for statement in statements:
            self._execute(statement, params if statement.find(exp.Placeholder) else None)

    def describe_change(self, text: str) -> Sequence[tuple[Any, ...]]:
        """DuckDB's description of the counts that a statement other than a query answers."""
        return self._describe_only(text) or [("status", "VARCHAR")]

    def result(self, expression: Expr) -> ArrowResult:
        """The result of the last statement; `expression` is what the client sent."""
        kind = statement_type_id(expression)
        table = with_json_text(self._arrow_table) if self._arrow_table is not None else pa.table({})
        if isinstance(expression, exp.Merge):
            counts = _merge_counts(expression, table)
            return ArrowResult(
                columns_of((name, "BIGINT") for name in counts.column_names), statement_type=kind, arrow=counts
            )
        # a result that RESULT_SCAN brings back was not described last
        recalled = self._last_transformed is not None and "result_scan_sfqid" in self._last_transformed.args
        described = self._describe_last_sql() if recalled else self._duck_conn.description or []
        return ArrowResult(columns_of(described), statement_type=kind, arrow=table)


def describe_result(described: Sequence[tuple[Any, ...]], expression: Expr) -> ArrowResult:
    """A result without rows from DuckDB's description of its columns."""
    return ArrowResult(columns_of(described), statement_type=statement_type_id(expression), arrow=pa.table({}))


def _merge_counts(merge: exp.Merge, actions: pa.Table) -> pa.Table:
    """One row with a count per kind of action that the MERGE has a clause for."""
    kinds = [_action(when) for when in merge.args["whens"].expressions]
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
