-- reads: idr_work.delta, idr_work.removed, idr_work.delta_key, idr_work.suspect
-- writes: idr_out.entity_current, idr_out.match_key_current, idr_meta.known_suspect_group
-- invariant: entities that neither changed nor went keep their rows
delete from idr_out.entity_current
where entity_id in (
    select entity_id from idr_work.delta
    union all
    select entity_id from idr_work.removed
);
delete from idr_out.match_key_current
where entity_id in (
    select entity_id from idr_work.delta
    union all
    select entity_id from idr_work.removed
);
insert into idr_out.match_key_current (entity_id, rule_id, match_key)
select entity_id, rule_id, match_key from idr_work.delta_key;
delete from idr_meta.known_suspect_group
where match_key in (select match_key from idr_work.suspect)
