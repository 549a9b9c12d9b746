-- reads: trimmed   writes: normalized (text)
-- ' ab-1 ' -> 'AB-1'; 'straße' -> 'STRASSE'; 'İzmir' -> 'IZMIR'
select upper(replace(replace(replace(trimmed, 'İ', 'i'), 'ß', 'ss'), 'ẞ', 'ss')) as normalized
