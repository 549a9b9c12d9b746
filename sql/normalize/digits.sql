-- reads: western   writes: normalized (text)
-- 'AB-12 34' -> '1234'; '١٢' -> '12'
select regexp_replace(western, '[^0-9]+', '') as normalized
