-- reads: value (text), blank, lowered   writes: normalized (text)
-- ' Mary-Ann  O''Brien ' -> 'maryannobrien'; beyond ASCII without signs and combining marks: 'José' -> 'josé' or 'jose'
select
    case
        when regexp_like(value, '[ -~]*') then regexp_replace(lower(value), '[^0-9a-z]+', '')
        else regexp_replace(
            lowered,
            '[' || blank || '!-/:-@[-`{-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u02b9-\u036f'
            || '\u0374\u0375\u037e\u0384\u0385\u0387\u055a-\u055f\u05be\u05f3\u05f4\u060c\u061b\u061f\u0640'
            || '\u1fbd\u1fbf-\u1fc1\u1fcd-\u1fcf\u1fdd-\u1fdf\u1fed-\u1fef\u1ffd\u1ffe'
            || '\u2010-\u205e\u20a0-\u20bf\u2190-\u2bff\u2e00-\u2e7f\u3001-\u3004\u3008-\u3020\u30fb'
            || '\ufe10-\ufe6f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\ufff9-\ufffd🀀-🫿]+',
            ''
        )
    end as normalized
