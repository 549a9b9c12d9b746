-- reads: trimmed   writes: normalized (text)
-- ' Ab 1 ' -> 'Ab 1'
select trimmed as normalized
