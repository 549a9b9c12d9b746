-- reads: blank   writes: normalized (text: a regular expression of text that is nothing but zeros, blanks and signs)
select '[0_.,:?*#/' || blank || '-]*' as normalized
