"""The text of each column that a query computes: Snowflake names columns without alias after it."""

from __future__ import annotations

from sqlglot import Expr, exp, tokenize
from sqlglot.tokens import Token, TokenType

TEXT = "text"
_QUOTED = (TokenType.STRING, TokenType.IDENTIFIER, TokenType.RAW_STRING, TokenType.HEREDOC_STRING)
_NAMED = (exp.Column, exp.Alias, exp.Star)
_ENDS = ("FROM", "WHERE", "GROUP BY", "HAVING", "QUALIFY", "ORDER BY", "LIMIT", "OFFSET", "FETCH", "INTO", ";")


def remember_texts(query: Expr, text: str) -> None:
    """Note the text of each column in the parsed query, which is of this text."""
    if not isinstance(query, exp.Select) or all(isinstance(p, _NAMED) for p in query.expressions):
        return
    columns = _split(tokenize(text, read="snowflake"))
    if len(columns) != len(query.expressions):  # TOP, DISTINCT ON, ..
        return
    for projection, tokens in zip(query.expressions, columns, strict=True):
        if tokens:
            projection.meta[TEXT] = text[tokens[0].start : tokens[-1].end + 1]


def _split(tokens: list[Token]) -> list[list[Token]]:
    """The tokens between the commas of the outermost SELECT."""
    columns: list[list[Token]] = []
    depth = 0
    for token in tokens:
        word = "" if token.token_type in _QUOTED else token.text.upper()
        depth += (word in ("(", "[", "{")) - (word in (")", "]", "}"))
        if depth == 0 and word == "SELECT":
            columns = [[]]
        elif not columns or (depth == 0 and word in ("DISTINCT", "ALL") and columns == [[]]):
            continue
        elif depth == 0 and word in _ENDS:
            break
        elif depth == 0 and word == ",":
            columns.append([])
        else:
            columns[-1].append(token)
    return columns
