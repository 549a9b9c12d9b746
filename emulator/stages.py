"""The files of stages: a folder per stage in the data directory."""

from __future__ import annotations

import shutil
from pathlib import Path

from emulator.errors import SqlError, compilation_error
from emulator.names import Name, split
from emulator.session import Session


class StageFiles:
    """Where the files of a stage lie."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root.resolve()

    def folder(self, name: Name) -> Path:
        return self.root / name.database / name.schema / name.name

    def path(self, name: Name, below: str) -> Path:
        """A file or folder in a stage. Raises 253003 when the path leaves the stage."""
        folder = self.folder(name)
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
        name, _, below = location[1:].partition("/")
        if name == "~":
            return Name("USER", "STAGE", name), below
        return session.name(split(name), "stage operation"), below

    def drop(self, name: Name) -> None:
        shutil.rmtree(self.folder(name), ignore_errors=True)

    def drop_in(self, database: str, schema: str | None = None) -> None:
        shutil.rmtree(self.root / database / (schema or ""), ignore_errors=True)
