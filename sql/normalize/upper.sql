-- reads: value (text), blanks   writes: normalized (text)
-- ' ab-1 ' -> 'AB-1'
select upper(trim(value, blanks)) as normalized
