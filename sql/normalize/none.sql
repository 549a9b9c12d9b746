-- reads: value (text)   writes: normalized (text)
-- ' Ab 1 ' -> ' Ab 1 '
select value as normalized
