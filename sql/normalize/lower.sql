select lower(value) as normalized
