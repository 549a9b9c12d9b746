-- reads: a record's value and its ranks in the cluster
-- writes: nothing
-- invariant: a number without ties inside a cluster; the lowest wins
select earliest_rank as score
