-- reads: idr_meta.config
-- writes: what idr_cleanup writes
-- invariant: a running run is left alone
declare
    result variant;
    cleanup_failed exception (-20002, 'The cleanup failed: CALL core.idr_cleanup() shows why.');
begin
    call core.idr_cleanup() into :result;
    let status varchar := result:status::varchar;
    if (status = 'FAILED') then
        raise cleanup_failed;
    end if;
    call system$set_return_value(:status);
end
