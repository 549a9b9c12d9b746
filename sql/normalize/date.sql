-- reads: value (text), blank, western   writes: normalized (text: a date in shape, perhaps not in the calendar)
-- '2024-02-29', '2024/02/29', '2024.02.29', '20240229', '2024-02-29T10:00:00Z' -> '2024-02-29'; '1/2/2024' -> no value
select
    case
        when regexp_like(value, '[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}') then value
        when
            regexp_like(
                western,
                '[' || blank || ']*[1-9][0-9]{3}([-/.]?)[0-9]{2}([-/.]?)[0-9]{2}([T ][0-9].*)?[' || blank || ']*'
            )
            then regexp_replace(
                regexp_substr(western, '[0-9]{4}[-/.]?[0-9]{2}[-/.]?[0-9]{2}'),
                '^([0-9]{4})[-/.]?([0-9]{2})[-/.]?([0-9]{2})$',
                '\\1-\\2-\\3'
            )
    end as normalized
