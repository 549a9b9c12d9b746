-- reads: value (text), blanks   writes: normalized (text)
-- ' Ann@Example.COM ' -> 'ann@example.com'; 'ann', '@example.com', 'a@b@c' -> no value
select regexp_substr(lower(trim(value, blanks)), '^[^@]+@[^@]+$') as normalized
