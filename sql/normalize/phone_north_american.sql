-- reads: value (text)   writes: normalized (text: E.164 of a number of ten digits in a usual form, anything else as it is)
-- '(212) 555-0123', '1-212-555-0123', '+1 212.555.0123' -> '+12125550123'; '212-555-0123 x9' stays
-- For regions with calling code 1: nearly every value takes this way, and gets what the layers after it would give.
select
    regexp_replace(
        value,
        '^[ ().-]*([+]?1[ ().-]*)?([2-9][0-9]{2})[ ().-]*([0-9]{3})[ ().-]*([0-9]{4})[ ().-]*$',
        '+1\\2\\3\\4'
    ) as normalized
