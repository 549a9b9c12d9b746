-- reads: idr_work.removed, idr_work.part, idr_work.cut_link, idr_work.component, idr_work.cluster_new, idr_work.override_now
-- writes: idr_meta.cut_component, idr_meta.override_current, idr_out.identity_conflict
-- invariant: the parts of one cut component carry one token; override_current is what this version respects
delete from idr_meta.cut_component
where
    entity_key in (select entity_key from idr_work.component)
    or entity_key in (select entity_key from idr_work.removed);
insert into idr_meta.cut_component (entity_key, component_token)
select entity_key, component_token from idr_work.part;
insert into idr_out.identity_conflict (
    resolved_id, action, identifier_type, override_id, entity_key, rule_id, match_key, other_entity_key,
    run_id, detected_ts
)
select
    n.resolved_id, 'CUT' as action, l.identifier_type, l.override_id, l.entity_key, l.rule_id, l.match_key,
    l.other_entity_key, :run_id, :run_ts
from idr_work.cut_link as l
inner join idr_work.component as c on l.entity_key = c.entity_key
inner join idr_work.cluster_new as n on c.component_id = n.component_id;
delete from idr_meta.override_current;
insert into idr_meta.override_current (override_id, kind, entity_a, entity_b)
select override_id, kind, entity_a, entity_b from idr_work.override_now
