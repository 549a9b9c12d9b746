-- reads: idr_work.key_diff, idr_out.match_key_current
-- writes: idr_out.skipped_identifier_groups, idr_meta.known_suspect_group
-- invariant: a match key that only the erased record held is remembered nowhere
delete from idr_out.skipped_identifier_groups
where
    match_key in (select match_key from idr_work.key_diff)
    and match_key not in (select match_key from idr_out.match_key_current);
delete from idr_meta.known_suspect_group
where
    match_key in (select match_key from idr_work.key_diff)
    and match_key not in (select match_key from idr_out.match_key_current)
