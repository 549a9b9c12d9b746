-- reads: value (text), blank, lowered, sign   writes: normalized (text)
-- ' Mary-Ann  O''Brien ' -> 'maryannobrien'; beyond ASCII without signs and combining marks: 'José' -> 'josé' or 'jose'
select
    case
        when regexp_like(value, '[A-Za-z]*') then lower(value)
        when regexp_like(value, '[ -~]*') then regexp_replace(lower(value), '[^0-9a-z]+', '')
        else regexp_replace(
            lowered,
            '[' || blank || sign || '!-/:-@[-`{-~'
            || '\u02b0-\u036f\u0374\u0483-\u0489\u0640\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f'
            || chr(917505) || '-' || chr(917631) || ']+',
            ''
        )
    end as normalized
