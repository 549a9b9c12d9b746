-- reads: value (text), blank, sign, western   writes: normalized (text)
-- ' sw1a-1aa ' -> 'SW1A1AA'; 'D 10115' -> 'D10115'; '〒１００－０００１' -> '1000001'
select
    case
        when regexp_like(value, '[0-9A-Z]*') then value
        when regexp_like(value, '[ -~]*') then regexp_replace(upper(value), '[^0-9A-Z]+', '')
        else regexp_replace(
            upper(replace(replace(replace(western, 'İ', 'i'), 'ß', 'ss'), 'ẞ', 'ss')),
            '[' || blank || sign || '!-/:-@[-`{-~\u30fc' || chr(917505) || '-' || chr(917631) || ']+',
            ''
        )
    end as normalized
