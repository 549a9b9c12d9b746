-- reads: value (text), blank   writes: normalized (whether the text is nothing but zeros, blanks and signs)
select regexp_like(value, '[0_.,:?*#/' || blank || '-]*') as normalized
