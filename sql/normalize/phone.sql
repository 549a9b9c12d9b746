-- reads: value (text), blank, sign, western   writes: normalized (text: what is dialled, digits after at most one plus)
-- 'Tel. +44 (0)20 7946-0958 ext. 12' -> '+442079460958'; '020 7946 0958 x9' -> '02079460958'
-- A letter, `#`, `;`, `,` or `~` ends the number: what follows is an extension or a remark.
select
    case
        when regexp_like(value, '[+]?[0-9]+') then value
        else regexp_replace(
            replace(regexp_substr(western, '[+0-9(][+0-9' || blank || sign || '!"$-+./:<-@[-`{-}\u30fc-]*'), '(0)', ''),
            '[^0-9+]+',
            ''
        )
    end as normalized
