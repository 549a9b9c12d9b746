-- reads: idr_meta.layout, idr_out.run_history
-- writes: layout 2: limits may cut, plans know the decisions of people, and each publish its version.
-- What was published stays as it is; the next run computes in full, because values may be normalised anew. Plans that
-- wait were made by other rules: they go.
alter table idr_meta.identifier_type add column if not exists on_conflict varchar;
alter table idr_out.identity_conflict add column if not exists action varchar;
alter table idr_out.identity_conflict add column if not exists override_id varchar;
alter table idr_out.identity_conflict add column if not exists entity_key varchar;
alter table idr_out.identity_conflict add column if not exists rule_id varchar;
alter table idr_out.identity_conflict add column if not exists match_key number(38, 0);
alter table idr_out.identity_conflict add column if not exists other_entity_key varchar;
alter table idr_out.plan add column if not exists override_fingerprint varchar;
alter table idr_out.run_history add column if not exists version number(38, 0);
update idr_out.identity_conflict set action = 'HOLD'
where action is null and exists (select 1 from idr_meta.layout where number < 2);
update idr_out.run_history set version = p.version
from (
    select run_id, row_number() over (order by ended_at, run_id) as version
    from idr_out.run_history
    where status in ('SUCCESS', 'SUCCESS_WITH_WARNINGS') and not is_dry_run
) as p
where idr_out.run_history.run_id = p.run_id and exists (select 1 from idr_meta.layout where number < 2);
delete from idr_out.dry_run_results
where
    run_id in (select run_id from idr_out.plan where status in ('READY', 'HELD'))
    and exists (select 1 from idr_meta.layout where number < 2);
delete from idr_out.dry_run_summary
where
    run_id in (select run_id from idr_out.plan where status in ('READY', 'HELD'))
    and exists (select 1 from idr_meta.layout where number < 2);
delete from idr_out.plan
where status in ('READY', 'HELD') and exists (select 1 from idr_meta.layout where number < 2);
update idr_meta.base_state set config_json = null
where exists (select 1 from idr_meta.layout where number < 2);
update idr_meta.layout set number = 2
where number < 2
