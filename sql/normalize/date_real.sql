-- reads: value (text: what `date` gives)   writes: normalized (text)
-- '2024-02-29' stays; '2023-02-29', '2024-13-01' -> no value
select case when try_to_date(value, 'YYYY-MM-DD') is not null then value end as normalized
