-- reads: nothing   writes: normalized (text: the inside of a character class)
-- Characters that show nothing: controls, spaces of every width, soft hyphen, zero width, bidi controls, BOM, fillers.
select
    '\u0001-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f'
    || '\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0' as normalized
