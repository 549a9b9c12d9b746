-- reads: value (text), blanks   writes: normalized (text)
-- ' AB-1 ' -> 'ab-1'
select lower(trim(value, blanks)) as normalized
