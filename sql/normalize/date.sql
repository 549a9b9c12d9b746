-- reads: value (text), blanks   writes: normalized (text)
-- '2024-02-29', '2024/02/29', '20240229', '2024-02-29T10:00:00Z' -> '2024-02-29'; '2023-02-29' -> no value
select to_char(
    try_to_date(
        left(
            replace(replace(
                regexp_substr(
                    trim(value, blanks),
                    '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}|[1-9][0-9]{3}/[0-9]{2}/[0-9]{2}|[1-9][0-9]{7})([T ][0-9][^~]*)?$'
                ), '-', ''
            ), '/', ''),
            8
        ),
        'YYYYMMDD'
    ),
    'YYYY-MM-DD'
) as normalized
