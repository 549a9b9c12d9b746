-- reads: value (text), blanks   writes: normalized (text)
-- 'A.nn+shop@GoogleMail.com' -> 'ann@gmail.com'; 'A.nn+shop@example.com' -> 'a.nn+shop@example.com'
select case
    when regexp_like(lower(trim(value, blanks)), '[^@]+@(gmail|googlemail)[.]com')
        then nullif(replace(regexp_substr(lower(trim(value, blanks)), '^[^@+]*'), '.', ''), '') || '@gmail.com'
    else regexp_substr(lower(trim(value, blanks)), '^[^@]+@[^@]+$')
end as normalized
