-- reads: value (text), and of the region: optional_zero, international, national, e164, possible
-- writes: normalized (text)
-- region GB: '020 7946 0958', '+44 (0)20 7946 0958 ext. 12', '0044 20 7946 0958' -> '+442079460958'
-- region US: '(202) 555-0123', '1-202-555-0123 x9' -> '+12025550123'; '555' -> no value
select regexp_substr(
    regexp_replace(
        regexp_replace(
            regexp_replace(
                replace(regexp_substr(value, '^[^xX#;]*'), optional_zero, ''),
                '[^0-9+]+',
                ''
            ),
            international,
            '+'
        ),
        national,
        e164
    ),
    possible
) as normalized
