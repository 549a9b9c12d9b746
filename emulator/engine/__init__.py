"""DuckDB behind fakesnow: databases as files, sessions' connections, Snowflake's semantics where fakesnow differs."""
