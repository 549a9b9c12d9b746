-- What no pipeline can avoid, DuckDB dialect: read, normalise in the plainest way, write membership, clusters and
-- golden profile, with the components given in idr_given(entity_key, resolved_id).
create schema floor;
create table floor.record as
with source_row as (
    select
        'customer:' || customer_id as entity_key, email, phone, loyalty_id, first_name, last_name, updated_at
    from crm.customer
    union all
    select 'transactions:' || order_id, customer_email, customer_phone, null, null, null, load_ts
    from sales.transactions
    union all
    select 'accounts:' || account_id, email, phone, loyalty_id, null, null, updated_at
    from loyalty.accounts
    union all
    select 'web_events:' || event_id, email, phone, null, null, null, event_ts
    from digital.web_events
    union all
    select 'visits:' || visit_id, email, phone, loyalty_id, null, null, visit_ts
    from store.visits
)

select
    entity_key,
    nullif(lower(trim(email)), 'n/a') as i_email,
    right(regexp_replace(phone, '[^0-9]', '', 'g'), 10) as i_phone,
    upper(trim(loyalty_id)) as i_loyalty,
    email, phone, first_name, last_name, updated_at
from source_row;
create table floor.membership as
select r.entity_key, g.resolved_id, current_timestamp as updated_ts
from floor.record as r
inner join idr_given as g on r.entity_key = g.entity_key;
create table floor.clusters as
select resolved_id, count(*) as cluster_size, current_timestamp as updated_ts
from floor.membership
group by resolved_id;
create table floor.golden as
select
    m.resolved_id,
    arg_max(r.email, r.updated_at) as email,
    arg_max(r.phone, r.updated_at) as phone,
    arg_max(r.first_name, r.updated_at) as first_name,
    arg_max(r.last_name, r.updated_at) as last_name,
    current_timestamp as updated_ts
from floor.record as r
inner join floor.membership as m on r.entity_key = m.entity_key
group by m.resolved_id;
