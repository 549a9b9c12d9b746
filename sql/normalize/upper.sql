-- reads: value (text), trimmed   writes: normalized (text)
-- ' ab-1 ' -> 'AB-1'; 'straße' -> 'STRASSE'; 'İzmir' -> 'IZMIR'
select
    case
        when regexp_like(value, '[!-~]([ -~]*[!-~])?') then upper(value)
        else upper(replace(replace(replace(trimmed, 'İ', 'i'), 'ß', 'ss'), 'ẞ', 'ss'))
    end as normalized
