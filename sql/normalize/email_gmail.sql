-- reads: value (text: what `email` gives)   writes: normalized (text)
-- 'a.nn+shop@googlemail.com' -> 'ann@gmail.com'; 'a.nn+shop@example.com' stays
select
    case
        when value like '%@gmail.com' or value like '%@googlemail.com'
            then nullif(replace(regexp_substr(value, '^[^@+]*'), '.', ''), '') || '@gmail.com'
        else value
    end as normalized
