-- One round of label propagation, DuckDB dialect: each record takes the smallest label of its neighbours.
create table floor.next_label as
select l.entity_key, least(l.label, coalesce(min(o.label), l.label)) as label
from floor.label as l
left join floor.neighbour as n on l.entity_key = n.entity_key
left join floor.label as o on n.other_key = o.entity_key
group by l.entity_key, l.label
