-- reads: nothing
-- writes: idr_work.rule
create or replace transient table idr_work.rule (
    rule_id varchar, priority number(38, 0), max_group_size number(38, 0)
)
