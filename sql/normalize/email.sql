-- reads: value (text), blank, lowered   writes: normalized (text)
-- ' Ann@Example.COM ' -> 'ann@example.com'; 'ann', 'ann@localhost', 'a@b@c.org', 'Ann <ann@example.com>' -> no value
-- Nearly every value takes one of the first two ways; the third is the same for any blanks and for text beyond ASCII.
select
    case
        when
            regexp_like(
                value,
                '[!#-''*+.-9=?A-Z^-~-]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?'
                || '([.][A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+'
            )
            then lower(value)
        when
            regexp_like(
                value,
                ' *[!#-''*+.-9=?A-Z^-~-]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?'
                || '([.][A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+ *'
            )
            then lower(replace(value, ' ', ''))
        else nullif(
            regexp_substr(
                lowered,
                '^[^' || blank || '"(),:;<>@[\\]\\\\]+'
                || '@[^' || blank || '!-/:-@[-`{-~]([^' || blank || '!-,./:-@[-`{-~]*[^' || blank || '!-/:-@[-`{-~])?'
                || '([.][^' || blank || '!-/:-@[-`{-~]'
                || '([^' || blank || '!-,./:-@[-`{-~]*[^' || blank || '!-/:-@[-`{-~])?)+$'
            ),
            ''
        )
    end as normalized
