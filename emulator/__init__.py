"""A local Snowflake: the real `snow` CLI, connector and Snowpark sessions talk to it on 127.0.0.1, over DuckDB."""
