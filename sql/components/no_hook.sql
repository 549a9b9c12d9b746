-- reads: nothing
-- writes: idr_work.first_hook
-- invariant: without edges no node moves
create or replace transient table idr_work.first_hook (id number(38, 0), r number(38, 0))
