-- reads: idr_meta.layout
-- writes: the number of the layout that the tables have; tables that know none have the first, new ones as well:
-- the migrations find nothing to do in them
create table if not exists idr_meta.layout (number number(38, 0));
insert into idr_meta.layout (number)
select 1
where not exists (select 1 from idr_meta.layout)
