-- Five retail sources with the truth, DuckDB dialect: a function of the number of rows, the seed and the shape alone.
-- Each person is made by itself, so that any size streams and a larger base has all people of a smaller one. The number
-- of rows is met within 3 % from 10,000 rows on.
-- A person has 1 to 20 records (mean about 2.6, a long tail). 3 % of people take the phone and mailbox of a household,
-- 4 % of values are placeholders or wrong, 2 % carry a typo, 0.3 % of e-mails are a company's role mailbox. That is the
-- shape `retail`. `shared`: 60 % take them; `crowded`: everybody has 11 to 20 records; `chained`: so too, but a record
-- shares the mailbox with the one before or after it and the phone with the other, where these are right, and there is
-- no loyalty id.
create macro draw(number, n) as cast(number % n as bigint);
create schema crm;
create schema sales;
create schema loyalty;
create schema digital;
create schema store;

create temp table person_value as
with person as (
    select
        p,
        draw(hash(p, $seed, 'size'), 1000) as draw
    from range(cast($rows / case when $shape in ('retail', 'shared') then 2.61 else 15.5 end as bigint)) as r (p)
),

sized as (
    select
        p,
        case
            when $shape in ('crowded', 'chained') then 11 + draw % 10
            when draw < 450 then 1
            when draw < 670 then 2
            when draw < 790 then 3
            when draw < 870 then 4
            when draw < 920 then 5
            when draw < 980 then 6 + draw % 5
            else 11 + draw % 10
        end as records
    from person
),

drawn as (
    select
        p * 32 + k as record,
        p,
        draw(hash(p, k, $seed, 'source'), 5) as source,
        case
            when draw(hash(p, $seed, 'home'), 100) < case $shape when 'shared' then 60 else 3 end then p - p % 3 else p
        end as home,
        case $shape when 'chained' then p * 32 + k // 2 else home end as mailbox,
        case $shape when 'chained' then p * 32 + (k + 1) // 2 else home end as line,
        timestamp '2026-01-01' + to_seconds(draw(hash(p, k, $seed, 'when'), 20000000)) as updated_at,
        draw(hash(p, k, $seed, 'email'), 1000) as email_draw,
        draw(hash(p, k, $seed, 'phone'), 1000) as phone_draw
    from sized, unnest(range(records)) as u (k)
)

select
    record,
    p,
    source,
    updated_at,
    case
        when email_draw < 10 then 'n/a'
        when email_draw < 20 then ''
        when email_draw < 23 then 'info@company' || p % 500 || '.example.com'
        when email_draw < 43 then 'person' || p || 'x@mail' || p % 40 || '.example.com'
        when email_draw < 400 then ' Person' || mailbox || '@Mail' || mailbox % 40 || '.example.com'
        else 'person' || mailbox || '@mail' || mailbox % 40 || '.example.com'
    end as email,
    case
        when phone_draw < 20 then '000-000-0000'
        when phone_draw < 40 then '(212) ' || 200 + p % 700 || '-' || lpad(cast((p * 7 + 1) % 10000 as varchar), 4, '0')
        when phone_draw < 400 then
            '+1 ' || 201 + line % 700 || ' ' || 200 + (line // 700) % 800 || '-'
            || lpad(cast((line // 560000 * 13 + line) % 10000 as varchar), 4, '0')
        else
            '(' || 201 + line % 700 || ') ' || 200 + (line // 700) % 800 || '-'
            || lpad(cast((line // 560000 * 13 + line) % 10000 as varchar), 4, '0')
    end as phone,
    case when $shape <> 'chained' then 'LOY' || p end as loyalty_id,
    ['Ana', 'Ben', 'Chloé', 'Dmitri', 'Eva', 'Farid', 'Grace', 'Hugo'][1 + p % 8] as first_name,
    'Family' || home % 100000 as last_name
from drawn;

create table crm.customer as
select record as customer_id, email, phone, loyalty_id, first_name, last_name, false as is_closed, updated_at
from person_value where source = 0;
create table sales.transactions as
select record as order_id, email as customer_email, phone as customer_phone, updated_at as load_ts
from person_value where source = 1;
create table loyalty.accounts as
select record as account_id, email, phone, loyalty_id, updated_at
from person_value where source = 2;
create table digital.web_events as
select record as event_id, email, phone, updated_at as event_ts
from person_value where source = 3;
create table store.visits as
select record as visit_id, email, phone, loyalty_id, updated_at as visit_ts
from person_value where source = 4;
create table truth as
select
    ['customer', 'transactions', 'accounts', 'web_events', 'visits'][1 + cast(source as integer)] || ':' || record
        as entity_key,
    cast(p as varchar) as cluster
from person_value;
drop table person_value;
