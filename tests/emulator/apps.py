"""Small applications, put into the stage of a package."""

from __future__ import annotations

import textwrap
from pathlib import Path

from .conftest import Local

MANIFEST = """
manifest_version: 2
artifacts: {setup_script: setup.sql}
"""
SETUP = """
create application role if not exists reader;
create application role if not exists writer;
grant application role reader to application role writer;
create schema if not exists state;
grant usage on schema state to application role reader;
create table if not exists state.seen (version varchar);
grant select on table state.seen to application role reader;
create or alter versioned schema core;
grant usage on schema core to application role reader;
create or replace procedure core.version() returns varchar language sql as $$ begin return 'one'; end $$;
grant usage on procedure core.version() to application role reader;
create or replace procedure core.secret() returns varchar language sql as $$ begin return 'secret'; end $$;
"""


class App:
    """A package and an application of one test; `deploy` replaces all files of the stage."""

    def __init__(self, local: Local, folder: Path, number: int) -> None:
        self.local = local
        self.folder = folder
        self.name, self.package = f"APP{number}", f"PACKAGE{number}"
        self.stage = f"@{self.package}.source.files"
        local.query(f"create application package {self.package}", "create schema source", "create stage source.files")

    def deploy(self, setup: str = SETUP, manifest: str = MANIFEST, **files: str) -> None:
        written = {"manifest.yml": manifest, "setup.sql": setup, **{k.replace("__", "/"): v for k, v in files.items()}}
        commands = [f"remove {self.stage}"]
        for name, text in written.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text))
            target = f"{self.stage}/{Path(name).parent.as_posix()}".removesuffix("/.")
            commands.append(f"put file://{file} {target} auto_compress = false overwrite = true")
        self.local.query(*commands)

    def create(self) -> None:
        self.local.query(f"create application {self.name} from application package {self.package} using '{self.stage}'")

    def upgrade(self) -> None:
        self.local.query(f"alter application {self.name} upgrade using '{self.stage}'")

    def install(self, setup: str = SETUP, manifest: str = MANIFEST, **files: str) -> None:
        self.deploy(setup, manifest, **files)
        self.create()
