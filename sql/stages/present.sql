-- reads: idr_work.record_read
-- writes: idr_work.present
-- invariant: every key read; of a source that was read as a whole these are all that it holds
create or replace transient table idr_work.present as
select entity_key from idr_work.record_read
