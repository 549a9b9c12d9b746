-- reads: nothing
-- writes: idr_work.rule
-- invariant: holds the rules as they were when the run began
create or replace transient table idr_work.rule (
    rule_id varchar, priority number(38, 0), max_group_size number(38, 0)
)
