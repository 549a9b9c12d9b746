"""Snowflake Scripting: blocks of DECLARE, BEGIN, EXCEPTION, END around SQL statements.

`parse_block` reads a block, `run` interprets it. The interpreter knows no engine: every statement and every expression
goes through the `execute` callback, so that their meaning stays with the engine.
"""

from emulator.scripting.errors import ScriptingError
from emulator.scripting.interpreter import Execute, Variable, run
from emulator.scripting.parser import is_block, parse_block, quoted_block
from emulator.scripting.splitting import Part, split_statements

__all__ = [
    "Execute",
    "Part",
    "ScriptingError",
    "Variable",
    "is_block",
    "parse_block",
    "quoted_block",
    "run",
    "split_statements",
]
