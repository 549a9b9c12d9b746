"""Stages and their files: CREATE, DROP, DESCRIBE, SHOW, LIST, PUT, GET, REMOVE."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from emulator.catalogue import Object
from emulator.errors import SqlError, already_exists, compilation_error, does_not_exist
from emulator.names import Name, like, shown
from emulator.result import Result, Transfer, done, status, table
from emulator.statement import Request, statement
from emulator.statements.scope import scope_filter

KIND = "STAGE"


@statement("CREATE [OR REPLACE] [TEMPORARY|TEMP] STAGE [IF NOT EXISTS]")
def create_stage(request: Request) -> Result:
    name = request.session.name(request.words.name(), "CREATE STAGE")
    if not request.server.databases.has_schema(name.database, name.schema):
        raise does_not_exist("Schema", f"{name.database}.{name.schema}")
    existing = request.server.catalogue.get(KIND, name)
    if existing and request.has("IF NOT EXISTS"):
        return status(f"{name.name} already exists, statement succeeded.")
    if existing and not request.has("OR REPLACE"):
        raise already_exists(name)
    options = request.words.options()
    if "URL" in options:
        raise compilation_error("Unsupported feature 'external stage'.", "000002", "0A000")
    request.server.stages.drop(name)
    request.server.stages.folder(name).mkdir(parents=True)
    # COPY INTO is fakesnow's, which keeps a list of stages of its own
    request.session.connection.execute(request.session, f"create or replace stage {name.sql}")
    directory = "DIRECTORY" in options and "ENABLE=TRUE" in str(options["DIRECTORY"]).upper()
    request.server.catalogue.put(
        Object(
            KIND,
            name.name,
            name.database,
            name.schema,
            owner=request.session.role,
            comment=str(options.get("COMMENT", "")),
            definition={"directory": directory},
        )
    )
    return status(f"Stage area {shown(name.name)} successfully created.")


def existing_stage(request: Request, name: Name) -> Object:
    """The stage. Raises 002003 when there is none."""
    stage = request.server.catalogue.get(KIND, name)
    if stage is None:
        raise does_not_exist("Stage", name)
    return stage


@statement("DROP STAGE [IF EXISTS]")
def drop_stage(request: Request) -> Result:
    name = request.session.name(request.words.name(), "DROP STAGE")
    if request.has("IF EXISTS") and request.server.catalogue.get(KIND, name) is None:
        return status("Drop statement executed successfully.")
    request.server.catalogue.drop(existing_stage(request, name))
    request.server.stages.drop(name)
    return status(f"{shown(name.name)} successfully dropped.")


@statement("ALTER STAGE [IF EXISTS]")
def alter_stage(request: Request) -> Result:
    stage = existing_stage(request, request.session.name(request.words.name(), "ALTER STAGE"))
    if not request.words.accept("REFRESH"):
        request.words.expect("SET")
        stage.comment = str(request.words.options().get("COMMENT", stage.comment))
        request.server.catalogue.put(stage)
    return done()


@statement("SHOW STAGES")
def show_stages(request: Request) -> Result:
    pattern, matches = scope_filter(request)
    rows = [
        (
            s.created_on, s.name, s.database, s.schema, "", "N", "N", s.owner, s.comment, None, "INTERNAL", None,
            None, None, None, "ROLE", "Y" if s.definition["directory"] else "N",
        )
        for s in request.server.catalogue.find(KIND)
        if like(pattern, s.name) and matches(s)
    ]  # fmt: skip
    return table(
        "created_on:timestamp_ltz name database_name schema_name url has_credentials has_encryption_key owner comment "
        "region type cloud notification_channel storage_integration endpoint owner_role_type directory_enabled",
        rows,
    )


@statement("DESCRIBE|DESC STAGE")
def describe_stage(request: Request) -> Result:
    stage = existing_stage(request, request.session.name(request.words.name(), "DESCRIBE STAGE"))
    enabled = str(stage.definition["directory"]).lower()
    rows = [("DIRECTORY", "ENABLE", "Boolean", enabled, "false")]
    return table("parent_property property property_type property_value property_default", rows)


def _located(request: Request, location: str) -> tuple[Name, str]:
    name, below = request.server.stages.resolve(
        location if location.startswith("@") else f"@{location}", request.session
    )
    existing_stage(request, name)
    request.server.stages.path(name, below)
    return name, below


def _pattern(request: Request) -> re.Pattern[str]:
    options = request.words.options()
    return re.compile(str(options.get("PATTERN", ".*")))


def _matching(request: Request, name: Name, below: str) -> list[tuple[str, Path]]:
    """The files below a location that match PATTERN, with their names as LIST shows them."""
    pattern = _pattern(request)
    folder = request.server.stages.folder(name)
    listed = [
        (f"{name.name.lower()}/{path.relative_to(folder).as_posix()}", path)
        for path in request.server.stages.files(name, below)
    ]
    return [(shown_name, path) for shown_name, path in listed if pattern.fullmatch(shown_name)]


@statement("LIST", "LS")
def list_stage(request: Request) -> Result:
    rows = [
        (
            listed,
            stat.st_size,
            hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest(),
            _http_date(stat.st_mtime),
        )
        for listed, path in _matching(request, *_located(request, request.words.location()))
        for stat in [path.stat()]
    ]
    return table("name size:fixed md5 last_modified", rows)


def _http_date(timestamp: float) -> str:
    return format_datetime(datetime.fromtimestamp(timestamp, UTC), usegmt=True)


@statement("REMOVE", "RM")
def remove(request: Request) -> Result:
    rows = []
    for listed, path in _matching(request, *_located(request, request.words.location())):
        path.unlink()
        rows.append((listed, "removed"))
    return table("name result", rows)


@statement("PUT")
def put(request: Request) -> Result:
    """The client copies the files itself: it shares the disk with the server."""
    source = _file(request)
    location = request.words.location()
    options = {key: str(value).lower() for key, value in request.words.options().items()}
    name, below = _located(request, location)
    folder = request.server.stages.path(name, below)
    folder.mkdir(parents=True, exist_ok=True)
    return Transfer(
        [],
        data={
            "command": "UPLOAD",
            "src_locations": [source],
            "parallel": int(options.get("PARALLEL", "4")),
            "autoCompress": options.get("AUTO_COMPRESS", "true") == "true",
            "sourceCompression": options.get("SOURCE_COMPRESSION", "auto_detect"),
            "overwrite": options.get("OVERWRITE", "false") == "true",
            "stageInfo": _stage_info(folder),
        },
    )


@statement("GET")
def get(request: Request) -> Result:
    location = request.words.location()
    target = _file(request)
    name, below = _located(request, location)
    files = [path for _, path in _matching(request, name, below)]
    folder = request.server.stages.folder(name)
    return Transfer(
        [],
        data={
            "command": "DOWNLOAD",
            "src_locations": [path.relative_to(folder).as_posix() for path in files],
            "encryptionMaterial": [],
            "parallel": 4,
            "localLocation": target,
            "stageInfo": _stage_info(folder),
        },
    )


def _file(request: Request) -> str:
    location = request.words.location()
    if not location.startswith("file://"):
        raise SqlError(
            f"SQL compilation error:\nInvalid file location '{location}': it must start with 'file://'.",
            "001003",
            "42000",
        )
    return location.removeprefix("file://")


def _stage_info(folder: Path) -> dict[str, object]:
    return {"locationType": "LOCAL_FS", "location": str(folder), "creds": {}}
