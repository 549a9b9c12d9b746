"""Applications in the local Snowflake: what a stage holds, installed under a name of the test's own."""

from __future__ import annotations

import json
import shutil
from itertools import count
from pathlib import Path
from typing import Any

from tests.app.scheduled import bundle
from tests.emulator.conftest import Local

_numbers = count(1)


class LocalApp:
    """A package, and the application that is made from its stage."""

    def __init__(self, local: Local) -> None:
        number = next(_numbers)
        self.local = local
        self.name, self.package = f"idr_{number}", f"package_{number}"
        self.stage = f"@{self.package}.src.files"
        local.query(
            f"create application package {self.package}", f"create schema {self.package}.src",
            f"create stage {self.package}.src.files",
        )  # fmt: skip

    def upload(self, files: Path) -> None:
        """Replace what the stage holds."""
        self.local.query(
            f"remove {self.stage}",
            *(
                f"put file://{file} {self.stage}/{file.relative_to(files).parent.as_posix().removeprefix('.')}"
                " auto_compress = false overwrite = true"
                for file in sorted(path for path in files.rglob("*") if path.is_file())
            ),
        )

    def create(self, files: Path) -> None:
        self.upload(files)
        self.local.query(f"create application {self.name} from application package {self.package} using {self.stage}")

    def upgrade(self, files: Path) -> None:
        self.upload(files)
        self.local.query(f"alter application {self.name} upgrade using {self.stage}")

    def call(self, text: str, **options: Any) -> dict[str, Any]:
        return json.loads(self.local.query(f"call {self.name}.core.{text}", **options)[0][0])

    def partition(self) -> set[frozenset[str]]:
        """The published identities, as sets of entity keys."""
        groups: dict[str, set[str]] = {}
        for entity, resolved in self.local.query(
            f"select entity_key, resolved_id from {self.name}.idr_out.identity_resolved_membership_current"
        ):
            groups.setdefault(resolved, set()).add(entity)
        return {frozenset(group) for group in groups.values()}


_MANIFEST = "manifest_version: 2\nartifacts: {setup_script: setup_script.sql}\n"


def files_of_today(folder: Path) -> Path:
    return bundle(folder)


def files_with_state(folder: Path, statements: list[str]) -> Path:
    """The files of an application that does nothing but make this state."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "manifest.yml").write_text(_MANIFEST, encoding="utf-8")
    core = ["create application role if not exists idr_viewer", "create or alter versioned schema core"]
    grants = [
        grant
        for schema in ("idr_meta", "idr_out")
        for grant in (
            f"grant usage on schema {schema} to application role idr_viewer",
            f"grant select on all tables in schema {schema} to application role idr_viewer",
        )
    ]
    text = ";\n".join([*core, *statements, *grants])
    (folder / "setup_script.sql").write_text(f"{text};\n", encoding="utf-8")
    return folder
