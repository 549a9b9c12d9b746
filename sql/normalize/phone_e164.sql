-- reads: value (text), and of the region: national, e164; abroad   writes: normalized (text)
-- region GB: '02079460958', '442079460958', '+4402079460958' -> '+442079460958'; region US: '+4402079460958' likewise
select
    case
        when value like '+1%' and value not like '+11%' then value
        when left(value, 1) = '+' then regexp_replace(value, abroad, '+\\1\\2')
        else regexp_replace(value, national, e164)
    end as normalized
