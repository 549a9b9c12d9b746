-- reads: value (text)   writes: normalized (text)
-- Full-width letters, digits and signs, and Arabic-Indic digits, as ASCII: '＋８１ ３' -> '+81 3', '٣۳' -> '33'
select
    case
        when regexp_like(value, '[^٠-٩۰-۹（-ｚ]*') then value
        else translate(
            value,
            '０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹＋－（）．／'
            || 'ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ'
            || 'ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ',
            '012345678901234567890123456789+-()./'
            || 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
            || 'abcdefghijklmnopqrstuvwxyz'
        )
    end as normalized
