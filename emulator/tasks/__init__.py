"""Tasks: their definitions, schedules and conditions, the graphs they form, and the scheduler that runs them.

Nothing here knows the engine or the catalogue: tasks and history are kept by a `TaskStore`, bodies run by a callback.
"""
