-- reads: value (text)   writes: normalized (text)
-- Cyrillic letters with marks: 'алёна' -> 'алена', 'андрей' -> 'андреи'
select
    case
        when regexp_like(value, '[^й-ӹ]*') then value
        else translate(value, 'йѐёѓїќѝўѷӂӑӓӗӛӝӟӣӥӧӫӭӯӱӳӵӹ', 'иеегікиуѵжааеәжзииоөэууучы')
    end as normalized
