-- reads: lowered   writes: normalized (text)
-- ' AB-1 ' -> 'ab-1'; 'İZMİR' -> 'izmir'; 'ΟΔΟΣ', 'οδος' -> 'οδοσ'
select lowered as normalized
