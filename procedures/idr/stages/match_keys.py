"""Match keys: one number per record and rule, equal when and only when the rule's values are equal."""

from __future__ import annotations

from idr.model import Rule
from idr.stages.context import RunContext
from idr.statement import insert_values, work_table

_UPPER_FACTOR = 2**64


def _key_text(rule: Rule) -> str:
    """The values, each led by its length, so that no two lists of values give one text."""
    parts = [f"cast(length(i_{name}) as varchar) || ':' || i_{name}" for name in rule.match]
    return " || ".join([f"'{rule.rule_id}/'", *parts])


def number_of(text: str) -> str:
    """SQL for a number that stands for a text: 126 bits of its MD5, which fit NUMBER(38).

    By accident two of 10^10 texts have one number once in 10^18 runs.
    """
    return f"bitshiftright(md5_number_upper64({text}), 2) * {_UPPER_FACTOR} + md5_number_lower64({text})"


def key_query(rules: list[Rule], table: str) -> str:
    """entity_id, rule_id, match_key of every record that has all values of a rule."""
    branches = [
        f"select entity_id, '{rule.rule_id}' as rule_id, {_key_text(rule)} as key_text from {table} where "
        + " and ".join(f"i_{name} is not null" for name in rule.match)
        for rule in rules
    ]
    return (
        f"select entity_id, rule_id, {number_of('key_text')} as match_key"
        f" from ({' union all '.join(branches)}) as keyed"
    )


def build(ctx: RunContext, source: str, target: str) -> None:
    """Write the match keys of `source` to `target`."""
    query = key_query(list(ctx.config.rules.values()), work_table(source))
    ctx.execute(f"create or replace transient table {work_table(target)} as {query}")


def load_rules(ctx: RunContext, extra: list[tuple[str, int, int]]) -> None:
    """Write the run's rules to `idr_work.rule`, so that an edit during the run changes nothing.

    `extra` holds (rule_id, priority, max_group_size) of match keys that no configured rule makes.
    """
    ctx.run_file("stages/rule")
    rows = [(rule.rule_id, rule.priority, rule.max_group_size) for rule in ctx.config.rules.values()]
    ctx.execute(*insert_values(work_table("rule"), ("rule_id", "priority", "max_group_size"), [*rows, *extra]))
