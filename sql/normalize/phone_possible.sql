-- reads: value (text), possible   writes: normalized (text)
-- '+442079460958' stays; '555', '+44123', '+999123456789' -> no value
select case when regexp_like(value, possible) then value end as normalized
