-- reads: nothing
-- writes: idr_work.map
create or replace transient table idr_work.map (id number(38, 0), r number(38, 0))
