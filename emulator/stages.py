"""The files of stages: a folder per stage in the data directory."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from emulator.errors import SqlError, compilation_error
from emulator.names import Name, split
from emulator.session import Session

_NO_FILE_NAME = re.compile(r"^\.|[/=\0\ud800-\udfff]")
_LOCATION = re.compile(r'((?:"(?:[^"]|"")*"|[^/])*)/?(.*)', re.DOTALL)
_LONGEST = 255  # bytes of a file name
_LONGEST_PATH = 1024  # bytes below a stage, as in cloud storage


def _file_name(identifier: str) -> str:
    """A file name of its own for every identifier; nearly always the identifier itself."""
    name = _NO_FILE_NAME.sub(lambda match: f"={ord(match[0]):02x}", identifier)
    if len(name.encode()) <= _LONGEST:
        return name
    return f"=={hashlib.sha256(name.encode()).hexdigest()}"


class StageFiles:
    """Where the files of a stage lie."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root.resolve()

    def folder(self, name: Name) -> Path:
        return self.root / _file_name(name.database) / _file_name(name.schema) / _file_name(name.name)

    def path(self, name: Name, below: str) -> Path:
        """A file or folder in a stage. Raises 253003 when the path leaves the stage or no file can have it."""
        folder = self.folder(name)
        written = below.encode(errors="replace")
        if b"\0" in written or len(written) > _LONGEST_PATH or max(map(len, written.split(b"/"))) > _LONGEST:
            raise SqlError(f"The path '{below[:80]}' of the stage {name} can be no file's name.", "253003", "42501")
        path = (folder / below.lstrip("/")).resolve()
        if path != folder and folder not in path.parents:
            raise SqlError(f"The path '{below}' leaves the stage {name}.", "253003", "42501")
        return path

    def files(self, name: Name, prefix: str = "") -> list[Path]:
        """The files of a stage whose path begins with the prefix, by path."""
        folder = self.folder(name)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return [path for path in files if path.relative_to(folder).as_posix().startswith(prefix.strip("/"))]

    @staticmethod
    def resolve(location: str, session: Session) -> tuple[Name, str]:
        """The stage and the path below it of `@db.schema.stage/path`."""
        if not location.startswith("@"):
            raise compilation_error(f"Invalid stage location '{location}': it must start with '@'.", "001003", "42000")
        name, below = _LOCATION.fullmatch(location[1:]).groups()  # pyright: ignore[reportOptionalMemberAccess] - fits all
        if name == "~":
            return Name("USER", "STAGE", name), below
        return session.name(split(name), "stage operation"), below

    def drop(self, name: Name) -> None:
        shutil.rmtree(self.folder(name), ignore_errors=True)

    def drop_in(self, database: str, schema: str | None = None) -> None:
        below = self.root / _file_name(database)
        shutil.rmtree(below if schema is None else below / _file_name(schema), ignore_errors=True)
