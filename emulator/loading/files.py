"""The files at a location of a stage, and the format that the stage gives them."""

from __future__ import annotations

import re
from pathlib import Path

from emulator.catalogue import Object
from emulator.errors import SqlError, does_not_exist
from emulator.names import Name
from emulator.session import Session
from emulator.words import Value

KIND = "STAGE"


def existing_stage(session: Session, name: Name) -> Object:
    """The stage; those of a table and of the user exist without being created. Raises 002003 when there is none."""
    server = session.server
    stage = server.catalogue.get(KIND, name)
    if stage is not None and session.sees(stage):
        return stage
    table = name.name.startswith("%") and server.databases.relation_kind(
        Name(name.database, name.schema, name.name[1:])
    )
    if name.name == "~" or table == "TABLE":
        return Object(KIND, name.name, name.database, name.schema, owner=session.role)
    raise does_not_exist("Stage", name)


def locate(session: Session, location: str) -> tuple[Name, str]:
    """The stage and the path below it of `@stage/path`, the `@` left out or not."""
    name, below = session.server.stages.resolve(location if location.startswith("@") else f"@{location}", session)
    existing_stage(session, name)
    session.server.stages.path(name, below)
    return name, below


def shown_files(session: Session, name: Name, below: str, pattern: str | None = None) -> list[tuple[str, Path]]:
    """The files below a location whose path PATTERN matches, with their names as LIST shows them.

    Raises 100048 when PATTERN is no regular expression.
    """
    stages = session.server.stages
    folder = stages.folder(name)
    prefix = "" if name.name.startswith(("%", "~")) else f"{name.name.lower()}/"
    listed = [(prefix + path.relative_to(folder).as_posix(), path) for path in stages.files(name, below)]
    if pattern is None:
        return listed
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise SqlError(f"Invalid regular expression: '{pattern}', {error}", "100048", "2201B") from None
    return [(shown, path) for shown, path in listed if wanted.fullmatch(shown)]


def stage_format(session: Session, name: Name) -> dict[str, Value]:
    """The options of the stage's own file format."""
    return existing_stage(session, name).definition.get("file_format") or {}
