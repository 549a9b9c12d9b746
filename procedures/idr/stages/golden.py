"""Golden profiles: the surviving value of each attribute, and the record that it came from."""

from __future__ import annotations

from functools import cache

from sqlglot import exp, parse_one

from idr.model import Config, Survivorship
from idr.normalize import fill
from idr.stages.context import RunContext
from idr.statement import read, work_table

_RECENCY = "record_ts desc nulls last, trust, entity_key"


@cache
def score(strategy: str) -> exp.Expr:
    """The strategy's score over columns value, recency_rank, earliest_rank, source_rank, value_count, value_rank."""
    tree = parse_one(read(f"survivorship/{strategy}"), read="snowflake")
    return tree.expressions[0].this


def _ranks(config: Config) -> dict[str, str]:
    """Extra window columns, only those that some attribute's strategy asks for."""
    columns: dict[str, str] = {}
    for name in config.attributes:
        chosen = config.strategy(name)
        for column in {node.name for node in score(chosen.strategy).find_all(exp.Column)}:
            if column == "earliest_rank":
                columns["earliest_rank"] = (
                    "row_number() over (partition by component_id order by record_ts asc nulls last, trust, entity_key)"
                )
            elif column == "value_count":
                columns[f"n_{name}"] = f"count(*) over (partition by component_id, a_{name})"
            elif column == "value_rank":
                columns[f"v_{name}"] = (
                    "dense_rank() over (partition by component_id"
                    f" order by try_to_double(a_{name}) nulls last, a_{name})"
                )
            elif column == "source_rank":
                columns[f"s_{name}"] = _source_rank(chosen)
    return columns


def _source_rank(chosen: Survivorship) -> str:
    order = {source: position for position, source in enumerate(chosen.source_priority)}
    cases = " ".join(f"when '{source}' then {position}" for source, position in order.items())
    rank = f"case source_id {cases} else {len(order)} + trust end" if cases else "trust"
    return f"cast({rank} as bigint)"


@cache
def _score_of(strategy: str, name: str) -> str:
    """The strategy's score of the attribute `name`."""
    replaced = {"value": f"a_{name}", "value_count": f"n_{name}", "value_rank": f"v_{name}", "source_rank": f"s_{name}"}
    columns = {column: exp.column(own) for column, own in replaced.items()}
    return fill(score(strategy), columns).sql(dialect="snowflake")


def build(ctx: RunContext) -> str:
    """Write `idr_work.profile_change`: the clusters in scope whose profile or provenance is not the published one.

    `v_` and `p_` columns hold the value and the record that it came from; `has_new_values` and `has_new_sources` tell
    which of the two published tables lacks them. A record that nothing ties to another is a profile as it stands:
    only the others are ranked.
    """
    config = ctx.config
    trust = " ".join(f"when '{item.source_id}' then {item.trust}" for item in config.sources.values())
    values = "".join(f", r.a_{name}" for name in config.attributes)
    ranks = "".join(f", {sql} as {name}" for name, sql in _ranks(config).items())
    scores = "".join(
        f", case when a_{name} is not null then {_score_of(config.strategy(name).strategy, name)} end as score_{name}"
        for name in config.attributes
    )
    plain = "".join(f", a_{name}" for name in config.attributes)
    best = "".join(
        f", min_by(a_{name}, score_{name}) as v_{name}, min_by(entity_key, score_{name}) as p_{name}"
        for name in config.attributes
    )
    alone = "".join(
        f", r.a_{name}, case when r.a_{name} is not null then r.entity_key end" for name in config.attributes
    )
    told = "".join(f", b.v_{name}, b.p_{name}" for name in config.attributes)
    records = (
        f" from {work_table('scope_record')} as r"
        f" inner join {work_table('component')} as c on r.entity_id = c.entity_id"
    )
    ctx.execute(
        f"create or replace transient table {work_table('profile_change')} as"
        " with member as (select c.component_id, r.entity_key, r.source_id, r.record_ts,"
        f" case r.source_id {trust} else 0 end as trust{values}{records} where c.key_count > 0),"
        f" ranked as (select component_id, entity_key, source_id, trust{plain},"
        f" row_number() over (partition by component_id order by {_RECENCY}) as recency_rank{ranks} from member),"
        f" scored as (select component_id, entity_key{plain}{scores} from ranked),"
        f" best as (select component_id{best} from scored group by component_id"
        f" union all select c.component_id{alone}{records} where c.key_count = 0),"
        f" compared as (select n.resolved_id{told},"
        f" {_differs(ctx, 'golden_profile_current', 'o', 'v')} as has_new_values,"
        f" {_differs(ctx, 'golden_provenance_current', 's', 'p')} as has_new_sources from best as b"
        f" inner join {work_table('cluster_new')} as n on b.component_id = n.component_id"
        " left join idr_out.golden_profile_current as o on n.resolved_id = o.resolved_id"
        " left join idr_out.golden_provenance_current as s on n.resolved_id = s.resolved_id)"
        " select * from compared where has_new_values or has_new_sources"
    )
    return "profile_change"


def _differs(ctx: RunContext, published: str, alias: str, prefix: str) -> str:
    """Whether the published row `alias` is missing or has not the columns of `best`."""
    present = ctx.published.of(f"idr_out.{published}")
    differs = "".join(
        f" or b.{prefix}_{name} is distinct from {f'{alias}.{name}' if name in present else 'null'}"
        for name in ctx.config.attributes
    )
    return f"{alias}.resolved_id is null{differs}"
