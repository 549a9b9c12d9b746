-- reads: idr_work.cut_link
-- writes: nothing
-- invariant: a forced link is cut only by a veto that contradicts it
select distinct
    l.override_id as veto_id,
    l.entity_key,
    l.other_entity_key
from idr_work.cut_link as l
where l.rule_id = '_link'
order by l.override_id, l.entity_key, l.other_entity_key
