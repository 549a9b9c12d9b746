"""Stages and their files: CREATE, DROP, DESCRIBE, SHOW, LIST, PUT, GET, REMOVE."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from emulator.catalogue import Object
from emulator.errors import SqlError, already_exists, compilation_error, does_not_exist
from emulator.loading import formats
from emulator.loading.files import KIND, existing_stage, locate, shown_files
from emulator.names import shown
from emulator.result import Result, Transfer, already_dropped, done, status, table
from emulator.statement import Request, statement
from emulator.statements.scope import of_schema
from emulator.words import Value


@statement("CREATE [OR REPLACE] [SCOPED] [TEMPORARY|TEMP] STAGE [IF NOT EXISTS]")
def create_stage(request: Request) -> Result:
    name = request.session.name(request.words.name(), "CREATE STAGE")
    if not request.server.databases.has_schema(name.database, name.schema):
        raise does_not_exist("Schema", f"{name.database}.{name.schema}")
    existing = request.server.catalogue.get(KIND, name)
    if existing and request.has("IF NOT EXISTS"):
        return status(f"{name.name} already exists, statement succeeded.")
    if existing and not request.has("OR REPLACE"):
        raise already_exists(name)
    options, file_format = _stage_options(request)
    if "URL" in options:
        raise compilation_error("Unsupported feature 'external stage'.", "000002", "0A000")
    request.server.stages.drop(name)
    request.server.stages.folder(name).mkdir(parents=True)
    directory = "DIRECTORY" in options and "ENABLE=TRUE" in str(options["DIRECTORY"]).upper()
    request.server.catalogue.put(
        Object(
            KIND,
            name.name,
            name.database,
            name.schema,
            owner=request.session.role,
            comment=str(options.get("COMMENT", "")),
            definition={"directory": directory, "file_format": file_format, **temporary(request)},
        )
    )
    return status(f"Stage area {shown(name.name)} successfully created.")


def _stage_options(request: Request) -> tuple[dict[str, Value], dict[str, Value]]:
    """The options of a stage, and those of its file format."""
    options: dict[str, Value] = {}
    file_format: dict[str, Value] = {}
    words = request.words
    while not words.ended:
        key = words.identifier()
        if key == "WITH":
            continue
        words.expect("=")
        if key == "FILE_FORMAT":
            written = formats.read_clause(words)
            file_format = written if isinstance(written, dict) else {"FORMAT_NAME": str(written)}
            formats.chosen(request.session, file_format, {})
        else:
            options[key] = words.values() if words.sees("(") else words.value()
    return options, file_format


def temporary(request: Request) -> dict[str, str]:
    """What marks an object as the session's own."""
    return {"session": request.session.client.id} if request.has("TEMP") or request.has("TEMPORARY") else {}


@statement("DROP STAGE [IF EXISTS]")
def drop_stage(request: Request) -> Result:
    name = request.session.name(request.words.name(), "DROP STAGE")
    if request.has("IF EXISTS") and request.server.catalogue.get(KIND, name) is None:
        return already_dropped(name.name)
    request.server.catalogue.drop(existing_stage(request.session, name))
    request.server.stages.drop(name)
    return status(f"{shown(name.name)} successfully dropped.")


@statement("ALTER STAGE [IF EXISTS]")
def alter_stage(request: Request) -> Result:
    stage = existing_stage(request.session, request.session.name(request.words.name(), "ALTER STAGE"))
    if not request.words.accept("REFRESH"):
        request.words.expect("SET")
        stage.comment = str(request.words.options().get("COMMENT", stage.comment))
        request.server.catalogue.put(stage)
    return done()


@statement("SHOW STAGES")
def show_stages(request: Request) -> Result:
    listing = of_schema(request)
    rows = [
        (
            s.created_on, s.name, s.database, s.schema, "", "N", "N", s.owner, s.comment, None, "INTERNAL", None,
            None, None, None, "ROLE", "Y" if s.definition["directory"] else "N",
        )
        for s in request.server.catalogue.find(KIND)
        if listing.keeps(s)
    ]  # fmt: skip
    return table(
        "created_on:timestamp_ltz name database_name schema_name url has_credentials has_encryption_key owner comment "
        "region type cloud notification_channel storage_integration endpoint owner_role_type directory_enabled",
        rows,
    )


@statement("DESCRIBE|DESC STAGE")
def describe_stage(request: Request) -> Result:
    stage = existing_stage(request.session, request.session.name(request.words.name(), "DESCRIBE STAGE"))
    enabled = str(stage.definition.get("directory", False)).lower()
    rows = [("DIRECTORY", "ENABLE", "Boolean", enabled, "false")]
    return table("parent_property property property_type property_value property_default", rows)


def _matching(request: Request, location: str) -> list[tuple[str, Path]]:
    name, below = locate(request.session, location)
    pattern = request.words.options().get("PATTERN")
    return shown_files(request.session, name, below, None if pattern is None else str(pattern))


@statement("LIST", "LS")
def list_stage(request: Request) -> Result:
    rows = [
        (
            listed,
            stat.st_size,
            hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest(),
            _http_date(stat.st_mtime),
        )
        for listed, path in _matching(request, request.words.location())
        for stat in [path.stat()]
    ]
    return table("name size:fixed md5 last_modified", rows)


def _http_date(timestamp: float) -> str:
    return format_datetime(datetime.fromtimestamp(timestamp, UTC), usegmt=True)


@statement("REMOVE", "RM")
def remove(request: Request) -> Result:
    rows = []
    for listed, path in _matching(request, request.words.location()):
        path.unlink()
        rows.append((listed, "removed"))
    return table("name result", rows)


@statement("PUT")
def put(request: Request) -> Result:
    """The client copies the files itself: it shares the disk with the server."""
    source = _file(request)
    location = request.words.location()
    options = {key: str(value).lower() for key, value in request.words.options().items()}
    name, below = locate(request.session, location)
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
    files = [path for _, path in _matching(request, location)]
    folder = request.server.stages.folder(locate(request.session, location)[0])
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
