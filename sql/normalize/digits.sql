-- reads: value (text), western   writes: normalized (text)
-- 'AB-12 34' -> '1234'; '١٢' -> '12'
select case when regexp_like(value, '[0-9]*') then value else regexp_replace(western, '[^0-9]+', '') end as normalized
