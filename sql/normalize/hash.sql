-- reads: lowered   writes: normalized (text)
-- For values hashed at the source: ' 9F86D0 ' -> '9f86d0'
select lowered as normalized
