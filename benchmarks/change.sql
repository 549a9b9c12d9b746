-- Changes the retail sources, DuckDB dialect: a function of them and of the variables `changed` (rows) and `seed`.
-- One half are updates (every second one with another mailbox), two fifths new records of known (three in four) and of
-- new people, one tenth deletions in the CRM. All are newer than what was there, at moments within a minute.
create or replace macro draw_of(number, purpose) as cast(hash(number, getvariable('seed'), purpose) % 1000000 as double) / 1000000;
create or replace temp table later as
select max(t) + interval 1 minute as now, cast(getvariable('changed') as double) / count(*) as share
from (
    select updated_at as t from crm.customer
    union all
    select load_ts as t from sales.transactions
    union all
    select updated_at as t from loyalty.accounts
    union all
    select event_ts as t from digital.web_events
    union all
    select visit_ts as t from store.visits
) as clock;
create or replace macro moment_of(number) as (select now from later) - to_microseconds(cast(59000000 * draw_of(number, 'time') as bigint));
update crm.customer
set
    email = case when draw_of(customer_id, 'move') < 0.5 then 'moved' || customer_id || '@mail.example.com' else email end,
    updated_at = moment_of(customer_id)
where draw_of(customer_id, 'update') < (select share * 0.5 from later);
insert into crm.customer by name
select
    * exclude (customer_id, email, phone, updated_at),
    (select max(customer_id) from crm.customer) + row_number() over (order by customer_id) as customer_id,
    case when draw_of(customer_id, 'known') < 0.75 then email else 'new' || customer_id || '.' || getvariable('seed') || '@mail.example.com' end as email,
    case when draw_of(customer_id, 'known') < 0.75 then phone end as phone,
    moment_of(customer_id) as updated_at
from crm.customer
where draw_of(customer_id, 'insert') < (select share * 0.4 from later);
update sales.transactions
set
    customer_email = case when draw_of(order_id, 'move') < 0.5 then 'moved' || order_id || '@mail.example.com' else customer_email end,
    load_ts = moment_of(order_id)
where draw_of(order_id, 'update') < (select share * 0.5 from later);
insert into sales.transactions by name
select
    * exclude (order_id, customer_email, customer_phone, load_ts),
    (select max(order_id) from sales.transactions) + row_number() over (order by order_id) as order_id,
    case when draw_of(order_id, 'known') < 0.75 then customer_email else 'new' || order_id || '.' || getvariable('seed') || '@mail.example.com' end as customer_email,
    case when draw_of(order_id, 'known') < 0.75 then customer_phone end as customer_phone,
    moment_of(order_id) as load_ts
from sales.transactions
where draw_of(order_id, 'insert') < (select share * 0.4 from later);
update loyalty.accounts
set
    email = case when draw_of(account_id, 'move') < 0.5 then 'moved' || account_id || '@mail.example.com' else email end,
    updated_at = moment_of(account_id)
where draw_of(account_id, 'update') < (select share * 0.5 from later);
insert into loyalty.accounts by name
select
    * exclude (account_id, email, phone, updated_at),
    (select max(account_id) from loyalty.accounts) + row_number() over (order by account_id) as account_id,
    case when draw_of(account_id, 'known') < 0.75 then email else 'new' || account_id || '.' || getvariable('seed') || '@mail.example.com' end as email,
    case when draw_of(account_id, 'known') < 0.75 then phone end as phone,
    moment_of(account_id) as updated_at
from loyalty.accounts
where draw_of(account_id, 'insert') < (select share * 0.4 from later);
update digital.web_events
set
    email = case when draw_of(event_id, 'move') < 0.5 then 'moved' || event_id || '@mail.example.com' else email end,
    event_ts = moment_of(event_id)
where draw_of(event_id, 'update') < (select share * 0.5 from later);
insert into digital.web_events by name
select
    * exclude (event_id, email, phone, event_ts),
    (select max(event_id) from digital.web_events) + row_number() over (order by event_id) as event_id,
    case when draw_of(event_id, 'known') < 0.75 then email else 'new' || event_id || '.' || getvariable('seed') || '@mail.example.com' end as email,
    case when draw_of(event_id, 'known') < 0.75 then phone end as phone,
    moment_of(event_id) as event_ts
from digital.web_events
where draw_of(event_id, 'insert') < (select share * 0.4 from later);
update store.visits
set
    email = case when draw_of(visit_id, 'move') < 0.5 then 'moved' || visit_id || '@mail.example.com' else email end,
    visit_ts = moment_of(visit_id)
where draw_of(visit_id, 'update') < (select share * 0.5 from later);
insert into store.visits by name
select
    * exclude (visit_id, email, phone, visit_ts),
    (select max(visit_id) from store.visits) + row_number() over (order by visit_id) as visit_id,
    case when draw_of(visit_id, 'known') < 0.75 then email else 'new' || visit_id || '.' || getvariable('seed') || '@mail.example.com' end as email,
    case when draw_of(visit_id, 'known') < 0.75 then phone end as phone,
    moment_of(visit_id) as visit_ts
from store.visits
where draw_of(visit_id, 'insert') < (select share * 0.4 from later);
update crm.customer
set is_closed = true, updated_at = moment_of(customer_id)
where draw_of(customer_id, 'delete') < (select share * 0.5 from later)
