"""Where fakesnow and DuckDB differ from Snowflake: one small function per difference, applied to the parsed statement.

docs/conformance.md has a row for each, with its test.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import Expr, exp

from emulator.applications import references
from emulator.engine.column_texts import TEXT
from emulator.engine.dates import OF_DATES, keep_dates
from emulator.engine.guards import Tree
from emulator.engine.text_functions import cast_variants, keep_tries, keep_trims
from emulator.engine.type_names import name_system_types, name_types
from emulator.engine.variants import VARIANTS, keep_texts_in_variants, read_variants, unquote_variants
from emulator.errors import compilation_error, unsupported
from emulator.functions import FUNCTIONS, context_function
from emulator.packages import PACKAGE_COLUMNS, packages
from emulator.sql_functions import expand_functions

if TYPE_CHECKING:
    from emulator.engine.binds import Parameters
    from emulator.session import Session

_WORD = re.compile(  # the reserved words of DuckDB that Snowflake takes as names
    r"analyse|analyze|array|asymmetric|at|both|deferrable|desc|describe|do|end|fetch|initially|lambda|leading|limit|offset|"
    r"only|pivot|pivot_longer|pivot_wider|placing|references|returning|show|summarize|symmetric|trailing|unpivot|variadic|"
    r"window",
    re.IGNORECASE,
)
_KEYS = (
    exp.PrimaryKey,
    exp.ForeignKey,
    exp.UniqueColumnConstraint,
    exp.Reference,
)


def allow_recursion(expression: Expr, _: Session) -> None:
    """A WITH that reads itself is recursive; Snowflake does not ask for the word."""
    for clause in expression.find_all(exp.With):
        if any(table.name.upper() == cte.alias.upper() and not table.db
               for cte in clause.expressions for table in cte.this.find_all(exp.Table)):  # fmt: skip
            clause.set("recursive", True)


def name_columns(expression: Expr, _: Session) -> None:
    """Snowflake names a column without alias after its text in upper case, DuckDB after its own rendering."""
    if not isinstance(expression, exp.Select):
        return
    for projection in list(expression.expressions):
        if not isinstance(projection, (exp.Column, exp.Alias, exp.Star, exp.Aliases, exp.Dot)) and not (
            projection.find(exp.Star, exp.Explode, exp.Posexplode) and not isinstance(projection, exp.Count)
        ):
            text = projection.meta.get(TEXT) or projection.sql("snowflake")
            if isinstance(projection, exp.CurrentDate) and not text.endswith(")"):
                text += "()"  # DuckDB would take its bare name for the column's
            projection.replace(exp.alias_(projection.copy(), text.upper(), quoted=True))


def answer_functions(expression: Expr, session: Session) -> None:
    """Functions about the session and the account, which DuckDB does not have, become their values."""
    for node in list(expression.find_all(exp.Func)):
        name = context_function(node)
        if name:
            node.replace(exp.convert(_value(name, node.expressions, session)))


def _value(name: str, arguments: list[Expr], session: Session) -> object:
    if any(isinstance(argument, exp.Null) for argument in arguments):
        return None
    return FUNCTIONS[name](session, [_text(argument) for argument in arguments])


def _text(argument: Expr) -> str:
    if isinstance(argument, exp.Boolean):
        return str(argument.this).lower()
    return f"-{argument.name}" if isinstance(argument, exp.Neg) else argument.name


def bind_functions(expression: Expr, params: Parameters) -> Parameters:
    """Put bound values in place where they are arguments of our functions, and return the binds that remain."""
    if not isinstance(params, list):
        return params
    remaining: list[object] = []
    placeholders = [node for node in expression.dfs() if isinstance(node, exp.Placeholder)]
    for placeholder, value in zip(placeholders, params, strict=False):
        if isinstance(placeholder.parent, exp.Func) and context_function(placeholder.parent):
            placeholder.replace(exp.convert(value))
        else:
            remaining.append(value)
    return remaining


def resolve_references(expression: Expr, session: Session) -> None:
    """`reference('name', 'alias')` in FROM is the object that the consumer bound to it."""
    for table in list(expression.find_all(exp.Table)):
        call = table.this
        if not isinstance(call, exp.Anonymous) or call.name.upper() != "REFERENCE":
            continue
        name, privileges = references.resolve(session, *(argument.name for argument in call.expressions))
        if "SELECT" not in privileges:
            raise compilation_error(f"The reference to {name} has no SELECT privilege.", "003001", "42501")
        for key, part in (("this", name.name), ("db", name.schema), ("catalog", name.database)):
            table.set(key, exp.to_identifier(part, quoted=True))


def list_packages(expression: Expr, _: Session) -> None:
    """INFORMATION_SCHEMA.PACKAGES: Snowpark looks up there what a procedure that it registers may use."""
    for table in list(expression.find_all(exp.Table)):
        if (table.db.upper(), table.name.upper()) == ("INFORMATION_SCHEMA", "PACKAGES"):
            rows = [exp.Tuple(expressions=[exp.Literal.string(value) for value in row]) for row in packages()]
            columns = [exp.to_identifier(name, quoted=True) for name in PACKAGE_COLUMNS]
            alias = exp.TableAlias(this=exp.to_identifier(table.alias_or_name), columns=columns)
            table.replace(exp.Values(expressions=rows, alias=alias))


def join_texts(expression: Expr, _: Session) -> None:
    """A text written in pieces, `'a' || chr(98)`, is one: fakesnow takes a pattern only as one literal."""
    for call in list(expression.find_all(exp.Chr)):
        code = call.expressions[0]
        if isinstance(code, exp.Literal) and code.is_int and int(code.name):  # the character 0 is no text of DuckDB's
            call.replace(exp.Literal.string(chr(int(code.name))))
    for pipe in reversed(list(expression.find_all(exp.DPipe))):  # the innermost first
        pieces = (pipe.this, pipe.expression)
        if all(isinstance(piece, exp.Literal) and piece.is_string for piece in pieces):
            pipe.replace(exp.Literal.string("".join(piece.this for piece in pieces)))


def keep_backslashes(expression: Expr, _: Session) -> None:
    """The parser has read the escapes of a pattern; fakesnow would read them once more."""
    for call in expression.find_all(exp.RegexpReplace, exp.RegexpExtract):
        pattern = call.expression
        if isinstance(pattern, exp.Literal):
            pattern.replace(exp.Literal.string(pattern.this.replace("\\", "\\\\")))


def halve_md5(expression: Expr, _: Session) -> None:
    """MD5_NUMBER_UPPER64 and _LOWER64: DuckDB's MD5_NUMBER has its bytes the other way round, a UUID has not."""
    for half in list(expression.find_all(exp.MD5NumberUpper64, exp.MD5NumberLower64)):
        digest = exp.cast(exp.cast(exp.MD5(this=half.this.copy()), exp.DType.UUID), exp.DType.UINT128)
        if isinstance(half, exp.MD5NumberUpper64):
            number: Expr = exp.BitwiseRightShift(this=digest, expression=exp.Literal.number(64))
        else:
            number = exp.BitwiseAnd(this=digest, expression=exp.Literal.number(2**64 - 1))
        half.replace(exp.cast(number, exp.DType.INT128))


def widen_numbers(expression: Expr, _: Session) -> None:
    """A NUMBER of 38 digits holds them all, as a column and in a cast; fakesnow would make it a BIGINT of 18."""
    for node in expression.find_all(exp.ColumnDef, exp.Cast):
        kind = node.args.get("kind") or node.args.get("to")
        if (
            isinstance(kind, exp.DataType)
            and kind.this == exp.DataType.Type.DECIMAL
            and [p.name for p in kind.expressions] in ([], ["38", "0"], ["38"])
        ):
            kind.replace(exp.DataType(this=exp.DataType.Type.INT128))


def quote_words(expression: Expr, _: Session) -> None:
    """A name that is a word of DuckDB's grammar, not of Snowflake's: `at`, `only`, `show`."""
    for identifier in expression.find_all(exp.Identifier):
        if not identifier.quoted and _WORD.fullmatch(identifier.name):
            identifier.set("this", identifier.name.upper())
            identifier.set("quoted", True)


def drop_keys(expression: Expr, _: Session) -> None:
    """Snowflake declares PRIMARY KEY, UNIQUE and FOREIGN KEY but does not enforce them. Key columns stay NOT NULL."""
    if not isinstance(expression, exp.Create) or expression.kind != "TABLE":
        return
    for constraint in list(expression.find_all(exp.ColumnConstraint)):
        if isinstance(constraint.kind, exp.PrimaryKeyColumnConstraint):
            constraint.set("kind", exp.NotNullColumnConstraint())
        elif isinstance(constraint.kind, _KEYS):
            constraint.pop()
    for key in list(expression.find_all(exp.PrimaryKey)):
        _require_columns(expression, {column.name.upper() for column in key.expressions})
        _drop(key)
    for key in [*expression.find_all(exp.UniqueColumnConstraint), *expression.find_all(exp.ForeignKey)]:
        _drop(key)


def _require_columns(create: exp.Create, names: set[str]) -> None:
    for column in create.find_all(exp.ColumnDef):
        if column.name.upper() in names:
            column.append("constraints", exp.ColumnConstraint(kind=exp.NotNullColumnConstraint()))


def _drop(key: Expr) -> None:
    (key.parent if isinstance(key.parent, exp.Constraint) else key).pop()


def limit_text(expression: Expr, _: Session) -> None:
    """A text longer than its VARCHAR(n) is an error in Snowflake; DuckDB ignores the n."""
    if (
        not isinstance(expression, exp.Create)
        or expression.kind != "TABLE"
        or not isinstance(expression.this, exp.Schema)
    ):
        return
    for column in expression.this.find_all(exp.ColumnDef):
        kind = column.kind
        if kind and kind.this in exp.DataType.TEXT_TYPES and kind.expressions:
            length = exp.Length(this=exp.column(column.this.copy()))
            check = exp.CheckColumnConstraint(this=exp.LTE(this=length, expression=kind.expressions[0].this.copy()))
            column.append("constraints", exp.ColumnConstraint(kind=check))


def fail_on_zero(expression: Expr, _: Session) -> None:
    """Division by zero is an error in Snowflake, infinity in DuckDB."""
    for division in list(expression.find_all(exp.Div)):
        divisor = division.expression
        if isinstance(divisor, exp.Literal) and float(divisor.this or 1) != 0:
            continue
        checked = (
            exp.Case()
            .when(
                exp.EQ(this=exp.paren(divisor.copy()), expression=exp.Literal.number(0)),
                exp.func("error", exp.Literal.string("Division by zero")),
            )
            .else_(divisor.copy())
        )
        division.set("expression", checked)


def number_columns(expression: Expr, _: Session) -> None:
    """`$1` is the first column of a VALUES list, as Snowpark writes it; DuckDB would read it as a bind."""
    for parameter in list(expression.find_all(exp.Parameter)):
        if isinstance(parameter.this, exp.Literal) and parameter.this.is_int:
            parameter.replace(exp.column(f"COLUMN{parameter.this.name}"))


def unqualify_merge(expression: Expr, _: Session) -> None:
    """DuckDB's own MERGE is atomic and refuses duplicates as Snowflake does; it wants plain names in SET."""
    if not isinstance(expression, exp.Merge):
        return
    for update in expression.find_all(exp.Update):
        for assignment in update.expressions:
            if isinstance(assignment, exp.EQ) and isinstance(assignment.this, exp.Column):
                assignment.set("this", exp.column(assignment.this.this.copy()))
    expression.set("returning", exp.Returning(expressions=[exp.column("merge_action")]))


def copy_clones(expression: Expr, _: Session) -> None:
    """CREATE TABLE .. CLONE copies the rows, which in Snowflake the two tables share until one changes."""
    if not isinstance(expression, exp.Create) or not (clone := expression.args.get("clone")):
        return
    if expression.kind != "TABLE":
        raise unsupported(f"CLONE of a {expression.kind}")
    expression.set("clone", None)
    expression.set("expression", exp.select("*").from_(clone.this))


def refuse_time_travel(expression: Expr, _: Session) -> None:
    """Nothing of the past is kept: AT and BEFORE are refused in a way that a client understands."""
    if expression.find(exp.HistoricalData):
        raise unsupported("Time Travel")


def truncate_what_is_there(expression: Expr, _: Session) -> None:
    """TRUNCATE TABLE IF EXISTS: DuckDB has no IF EXISTS there; a missing table has been answered before."""
    if isinstance(expression, exp.TruncateTable):
        expression.set("exists", False)


def place_temporary(expression: Expr, session: Session) -> None:
    """DuckDB keeps temporary tables outside every database: their qualified names become plain ones."""
    temporary = session.connection.temporary
    if isinstance(expression, exp.Create) and expression.kind == "TABLE" and expression.find(exp.TemporaryProperty):
        table = expression.find(exp.Table)
        if table:
            temporary.add(full_name(table, session))
    if not temporary:
        return
    for table in expression.find_all(exp.Table):
        if full_name(table, session) in temporary:
            table.set("catalog", None)
            table.set("db", None)


def full_name(table: exp.Table, session: Session) -> tuple[str, str, str]:
    def part(key: str, default: str | None) -> str:
        identifier = table.args.get(key)
        if not isinstance(identifier, exp.Identifier):
            return default or ""
        return identifier.name if identifier.quoted else identifier.name.upper()

    return part("catalog", session.database), part("db", session.schema), part("this", None)


Rewrite = Callable[[Expr, "Session"], None]
_ANY = (Expr,)
# in the order in which they run, each with the kinds of nodes without which it has nothing to change
REWRITES: list[tuple[Rewrite, tuple[type[Expr], ...]]] = [
    (refuse_time_travel, (exp.HistoricalData,)),
    (copy_clones, (exp.Clone,)),
    (truncate_what_is_there, (exp.TruncateTable,)),
    (allow_recursion, (exp.With,)),
    (resolve_references, (exp.Anonymous,)),
    (list_packages, (exp.Table,)),
    (name_columns, (exp.Select,)),  # before a function becomes its value: the column keeps the function's name
    (expand_functions, (exp.Anonymous,)),
    (answer_functions, (exp.Func,)),
    (join_texts, (exp.Chr, exp.DPipe)),
    (keep_backslashes, (exp.RegexpReplace, exp.RegexpExtract)),
    (halve_md5, (exp.MD5NumberUpper64, exp.MD5NumberLower64)),
    (cast_variants, (exp.Anonymous,)),
    (name_types, (exp.Typeof,)),
    (name_system_types, (exp.Anonymous,)),
    (read_variants, VARIANTS),
    (keep_texts_in_variants, (exp.Cast,)),
    (unquote_variants, (exp.Cast, exp.ToChar)),
    (widen_numbers, (exp.Cast, exp.ColumnDef)),
    (keep_trims, (exp.Trim,)),
    (keep_tries, (exp.TryCast,)),
    (quote_words, (exp.Identifier,)),
    (drop_keys, (exp.Schema,)),
    (limit_text, (exp.Schema,)),
    (fail_on_zero, (exp.Div,)),
    (keep_dates, OF_DATES),
    (number_columns, (exp.Parameter,)),
    (unqualify_merge, (exp.Merge,)),
    (place_temporary, _ANY),
]
_MAKE_NO_OTHER_KIND = {list_packages, name_columns, answer_functions, quote_words, place_temporary}


def rewrite(tree: Tree, session: Session) -> None:
    """Change the statement into one that means in DuckDB what it means in Snowflake."""
    for change, kinds in REWRITES:
        if tree.has(kinds):
            change(tree.expression, session)
            if change not in _MAKE_NO_OTHER_KIND:
                tree.forget()
