-- reads: value (text), blanks   writes: normalized (text)
-- ' Ab 1 ' -> 'Ab 1'
select trim(value, blanks) as normalized
