-- reads: value (text)   writes: usual (text: E.164 of a number of ten digits in a usual form, NULL for anything else)
-- '(212) 555-0123', '1-212-555-0123', '+1 212.555.0123' -> '+12125550123'; '212-555-0123 x9' -> no value
-- For regions with calling code 1: nearly every value takes this way, and gets what the other layers would give.
select
    case
        when
            regexp_like(
                value, '[ ().-]*([+]?1[ ().-]*)?[2-9][0-9]{2}[ ().-]*[0-9]{3}[ ().-]*[0-9]{4}[ ().-]*'
            )
            then regexp_replace(
                value,
                '^[ ().-]*([+]?1[ ().-]*)?([2-9][0-9]{2})[ ().-]*([0-9]{3})[ ().-]*([0-9]{4})[ ().-]*$',
                '+1\\2\\3\\4'
            )
    end as usual
