-- reads: value (text), blank   writes: normalized (text)
-- Trimmed, in small letters. İ and the sigmas are settled first: engines disagree on their small letters.
select
    case
        when regexp_like(value, '[!-~]([ -~]*[!-~])?') then lower(value)
        else lower(translate(regexp_replace(value, '^[' || blank || ']+|[' || blank || ']+$', ''), 'İΣς', 'iσσ'))
    end as normalized
