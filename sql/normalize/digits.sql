-- reads: value (text)   writes: normalized (text)
-- 'AB-12 34' -> '1234'
select regexp_replace(value, '[^0-9]+', '') as normalized
