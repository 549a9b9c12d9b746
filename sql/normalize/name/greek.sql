-- reads: value (text)   writes: normalized (text)
-- Greek accents and breathings, and the last sigma: 'γιώργος' -> 'γιωργοσ'
select
    case
        when regexp_like(value, '[^ΐ-ϔἀ-ῷ]*') then value
        else translate(
            value,
            'ΐάέήίΰϊϋόύώϒϓϔςἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὐὑὒὓὔὕὖὗὠὡὢὣὤὥὦὧὰάὲέὴήὶίὸόὺύὼώᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖ'
            || 'ᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱᾲᾳᾴᾶᾷῂῃῄῆῇῐῑῒΐῖῗῠῡῢΰῤῥῦῧῲῳῴῶῷ\u1fbe',
            'ιαεηιυιυουωυυυσααααααααεεεεεεηηηηηηηηιιιιιιιιοοοοοουυυυυυυυωωωωωωωωααεεηηιιοουυωωααααααααηηηηηηη'
            || 'ηωωωωωωωωαααααααηηηηηιιιιιιυυυυρρυυωωωωωι'
        )
    end as normalized
