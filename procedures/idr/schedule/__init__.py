"""Scheduled runs: their options, the task graph that stands for them in Snowflake, and what it reports."""
