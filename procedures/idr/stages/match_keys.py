"""Match keys: one number per record and rule, equal when and only when the rule's values are equal."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from idr.model import Config, Rule
from idr.stages.context import RunContext
from idr.statement import insert_values, work_table

_UPPER_FACTOR = 2**64
_RULES = 10**37  # numbers of texts are below 8.6 * 10^37: with a rule's number added they still fit NUMBER(38)


def number_of(text: str) -> str:
    """SQL for a number that stands for a text: 126 bits of its MD5, which fit NUMBER(38).

    By accident two of 10^10 texts have one number once in 10^18 runs.
    """
    return f"bitshiftright(md5_number_upper64({text}), 2) * {_UPPER_FACTOR} + md5_number_lower64({text})"


def key_query(rules: list[Rule], table: str) -> str:
    """entity_id, rule_id, match_key of every record that has all values of a rule."""
    return " union all ".join(
        f"select entity_id, '{rule.rule_id}' as rule_id, {_key_of(rule)} as match_key from {table} where "
        + " and ".join(f"i_{name} is not null" for name in rule.match)
        for rule in rules
    )


def _key_of(rule: Rule) -> str:
    """The number of the rule's values, moved by one of its own: rules that match the same values share no key."""
    return f"{number_of(_values_of(rule))} + {_digest(rule.rule_id) % _RULES}"


def _values_of(rule: Rule) -> str:
    """One value as it is; several each led by its length, so that no two lists of values give one text."""
    if len(rule.match) == 1:
        return f"i_{rule.match[0]}"
    return " || ".join(f"cast(length(i_{name}) as varchar) || ':' || i_{name}" for name in rule.match)


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest())


def with_key_forms(config: Config) -> Config:
    """The configuration with the digest of each rule's SQL: another version may give the same values other keys."""
    rules = {name: replace(rule, form=f"{_digest(_key_of(rule)):064x}"[:16]) for name, rule in config.rules.items()}
    return replace(config, rules=rules)


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
