-- reads: value (text)   writes: normalized (text)
-- Letters of Vietnam, Africa and of transcriptions: 'nguyễn' -> 'nguyen', 'ștefan' -> 'stefan'
select
    case
        when regexp_like(value, '[^ƀ-ȳḁ-ỹ]*') then value
        else translate(
            value,
            'ơưƶǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǰǵǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȟȧȩȫȭȯȱȳḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝ'
            || 'ṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕẖẗẘẙẛạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ',
            'ouzaiouuuuuaaæggkooʒjgnaæoaaeeiioorruusthaeooooyabbbcdddddeeeeefghhhhhiikkkllllmmmnnnnoooopprrr'
            || 'rsssssttttuuuuuvvwwwwwxxyzzzhtwysaaaaaaaaaaaaeeeeeeeeiioooooooooooouuuuuuuyyyy'
        )
    end as normalized
