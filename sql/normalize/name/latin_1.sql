-- reads: value (text)   writes: normalized (text)
-- Western European letters: 'müller' -> 'muller', 'strauß' -> 'strauss', 'æbelø' -> 'aebelo'
select
    case
        when regexp_like(value, '[^ß-ÿœ]*') then value
        else translate(
            replace(replace(replace(replace(value, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
            'àáâãäåçèéêëìíîïðñòóôõöøùúûüýÿ',
            'aaaaaaceeeeiiiidnoooooouuuuyy'
        )
    end as normalized
