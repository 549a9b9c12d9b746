-- reads: nothing
-- writes: idr_work.map
-- invariant: without edges no node moves
create or replace transient table idr_work.map (id number(38, 0), r number(38, 0))
