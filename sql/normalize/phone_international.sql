-- reads: value (text: what is dialled), and of the region: international   writes: normalized (text)
-- region GB: '00442079460958' -> '+442079460958'; '02079460958' stays
select regexp_replace(value, international, '+') as normalized
