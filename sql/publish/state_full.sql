-- reads: idr_work.match_key, idr_work.usage
-- writes: idr_out.entity_current, idr_out.match_key_current, idr_meta.rule_usage, idr_meta.known_suspect_group
-- invariant: what is left is of this run alone
delete from idr_out.entity_current;
delete from idr_out.match_key_current;
insert into idr_out.match_key_current (entity_id, rule_id, match_key)
select entity_id, rule_id, match_key from idr_work.match_key;
delete from idr_meta.rule_usage;
insert into idr_meta.rule_usage (rule_id, usual_group_size)
select rule_id, usual_group_size from idr_work.usage;
delete from idr_meta.known_suspect_group
