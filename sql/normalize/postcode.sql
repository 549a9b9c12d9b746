-- reads: value (text)   writes: normalized (text)
-- ' sw1a-1aa ' -> 'SW1A1AA'; 'D 10115' -> 'D10115'
-- noqa: disable=LT05
select regexp_replace(upper(value), '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u1680\u2000-\u206f\u3000\ufeff]+', '') as normalized
