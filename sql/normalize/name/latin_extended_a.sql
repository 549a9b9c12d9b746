-- reads: value (text)   writes: normalized (text)
-- Letters of Central Europe, the Baltic and Turkey: 'dvořák' -> 'dvorák', 'łukasz' -> 'lukasz'
select
    case
        when regexp_like(value, '[^ā-ſ]*') then value
        else translate(
            value,
            'āăąćĉċčďđēĕėęěĝğġģĥħĩīĭįĵķĺļľłńņňŋōŏőŕŗřśŝşšţťŧũūŭůűųŵŷźżžıſ',
            'aaaccccddeeeeegggghhiiiijkllllnnnnooorrrsssstttuuuuuuwyzzzis'
        )
    end as normalized
