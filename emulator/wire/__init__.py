"""The wire protocol of Snowflake's clients: JSON over HTTP."""
