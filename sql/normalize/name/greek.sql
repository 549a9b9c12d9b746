-- reads: value (text)   writes: normalized (text)
-- Greek accents and breathings, and the last sigma: 'γιώργος' -> 'γιωργοσ'
select
    case
        when regexp_like(value, '[^ΐ-ϔἀ-ῷ]*') then value
        else translate(
            value,
            'ΐάέήίΰϊϋόύώϓϔςἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὐὑὒὓὔὕὖὗὠὡὢὣὤὥὦὧὰάὲέὴήὶίὸόὺύὼώᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖ'
            || 'ᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱᾲᾳᾴᾶᾷῂῃῄῆῇῐῑῒΐῖῗῠῡῢΰῤῥῦῧῲῳῴῶῷ',
            'ιαεηιυιυουωυυσααααααααεεεεεεηηηηηηηηιιιιιιιιοοοοοουυυυυυυυωωωωωωωωααεεηηιιοουυωωααααααααηηηηηηη'
            || 'ηωωωωωωωωαααααααηηηηηιιιιιιυυυυρρυυωωωωω'
        )
    end as normalized
