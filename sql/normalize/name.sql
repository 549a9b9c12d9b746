-- reads: value (text)   writes: normalized (text)
-- '  Dr. José  O’Brien-Müller ' -> 'dr jose obrien muller'; 'İrem Strauß' -> 'irem strauss'
-- Text within ASCII takes the short way; the second list of letters is Latin Extended-B and Additional.
-- noqa: disable=LT05
select trim(
    regexp_replace(
        case
            when regexp_like(value, '[\u0001-\u007f]*') then replace(replace(lower(value), '''', ''), '`', '')
            else translate(
                replace(replace(replace(replace(
                    regexp_replace(
                        lower(replace(value, '\u0130', 'i')),
                        '[\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+',
                        ''
                    ), 'ß', 'ss'
                ), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
                'àáâãäåçèéêëìíîïðñòóôõöøùúûüýÿāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįıĵķĺļľłńņňŋōŏőŕŗřśŝşšţťŧũūŭůűųŵŷźżžſς'
                || 'ƒơưǎǐǒǔǖǘǚǜǟǡǧǩǫǭǰǵǹǻȁȃȅȇȉȋȍȏȑȓȕȗșțȟȧȩȫȭȯȱȳḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕẖẗẘẙạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ'
                || '\u2018\u2019\u201b\u02bc\u02b9\u2032\uff07\u00b4''`',
                'aaaaaaceeeeiiiidnoooooouuuuyyaaaccccddeeeeegggghhiiiiijkllllnnnnooorrrsssstttuuuuuuwyzzzsσ'
                || 'fouaiouuuuuaagkoojgnaaaeeiioorruusthaeooooyabbbcdddddeeeeefghhhhhiikkkllllmmmnnnnoooopprrrrsssssttttuuuuuvvwwwwwxxyzzzhtwyaaaaaaaaaaaaeeeeeeeeiioooooooooooouuuuuuuyyyy'
            )
        end,
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u1680\u2000-\u206f\u2e00-\u2e7f\u3000-\u3003\u3008-\u3011]+',
        ' '
    )
) as normalized
