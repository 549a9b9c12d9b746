-- reads: value (text), blank   writes: normalized (text)
select
    case
        when regexp_like(value, '[!-~]([ -~]*[!-~])?') then value
        else regexp_replace(value, '^[' || blank || ']+|[' || blank || ']+$', '')
    end as normalized
