"""Applications: install, upgrade, describe, drop."""

from __future__ import annotations

import json
from typing import Any

from emulator.applications import versions
from emulator.applications.install import KIND, Source
from emulator.catalogue import Object
from emulator.errors import SqlError
from emulator.functions import ACCOUNT, ORGANIZATION, function
from emulator.grants import Securable
from emulator.names import like, shown
from emulator.result import Column, Result, already_dropped, done, status, table
from emulator.statement import Request, statement
from emulator.statements.databases import remove_database
from emulator.statements.packages import existing_package, stage_folder
from emulator.statements.scope import finish, of_account


@statement("CREATE APPLICATION")
def create_application(request: Request) -> Result:
    words = request.words
    name = words.identifier()
    words.expect("FROM APPLICATION PACKAGE")
    package = existing_package(request, words.identifier())
    source = _source(request, package) or versions.released(package)
    options = words.options()
    if str(options.get("DEBUG_MODE", "false")).lower() == "true":
        _refuse_debug_mode(versions.manifest.read(source.folder))
    comment = str(options.get("COMMENT", ""))
    request.server.applications.create(request.session, name, source, package.name, comment)
    return status(f"Application '{name}' created successfully.")


def _source(request: Request, package: Object) -> Source | None:
    words = request.words
    if not words.accept("USING"):
        return None
    if words.accept("VERSION"):
        version = words.identifier()
        return versions.of_version(package, version, int(words.word()) if words.accept("PATCH") else None)
    return Source(stage_folder(request, words.location()), "STAGE")


def _refuse_debug_mode(manifest: dict[str, Any]) -> None:
    if manifest["manifest_version"] >= 2:
        raise SqlError("Debug mode cannot be set for an application with manifest version 2.", "093362", "0A000")


@statement("ALTER APPLICATION [IF EXISTS]")
def alter_application(request: Request) -> Result:
    words = request.words
    name = words.identifier()
    if request.has("IF EXISTS") and request.server.catalogue.get(KIND, name) is None:
        return done()
    application = request.server.applications.get(name)
    if words.accept("UPGRADE"):
        return _upgrade(request, application)
    if words.accept("UNSET COMMENT"):
        application.comment = ""
    elif words.accept("SET SHARED TELEMETRY EVENTS"):
        words.values()
    elif words.accept("SET"):
        options = words.options()
        if "DEBUG_MODE" in options:
            _refuse_debug_mode(application.definition["manifest"])
        application.comment = str(options.get("COMMENT", application.comment))
        share = str(options.get("AUTHORIZE_TELEMETRY_EVENT_SHARING", application.definition["telemetry"]))
        application.definition["telemetry"] = share.lower() == "true"
    else:
        raise words.unexpected()
    request.server.catalogue.put(application)
    return done()


def _upgrade(request: Request, application: Object) -> Result:
    package = existing_package(request, application.definition["package"])
    source = _source(request, package)
    request.words.end()
    before = application.definition["mode"]
    if source is None and before != "DIRECTIVE":
        raise SqlError("An application in development mode is upgraded with USING.", "093055", "0A000")
    if source is not None and before == "DIRECTIVE":
        raise SqlError("USING upgrades only an application in development mode.", "093046", "0A000")
    source = source or versions.released(package)
    if (before, source.mode) == ("STAGE", "VERSION"):
        raise SqlError("Cannot upgrade an application from loose files to a version.", "093044", "0A000")
    if (before, source.mode) == ("VERSION", "STAGE"):
        raise SqlError("Cannot upgrade an application from a version to loose files.", "093045", "0A000")
    request.server.applications.upgrade(request.session, application.name, source)
    return status(f"Application '{application.name}' upgraded successfully.")


@statement("DROP APPLICATION [IF EXISTS]")
def drop_application(request: Request) -> Result:
    name = request.words.identifier()
    if request.has("IF EXISTS") and request.server.catalogue.get(KIND, name) is None:
        return already_dropped(name)
    request.server.applications.get(name)
    cascade = request.words.accept("CASCADE")
    request.words.end()
    owned = _owned(request, name)
    if owned and not cascade:
        raise SqlError(
            f"Application {shown(name)} owns objects outside of itself: {', '.join(item.name for item in owned)}. "
            "DROP APPLICATION .. CASCADE drops them, too.",
            "093128",
            "2BP01",
        )
    for item in owned:
        remove_database(request, item.name)
    request.server.applications.drop(name)
    return status(f"{shown(name)} successfully dropped.")


def _owned(request: Request, name: str) -> list[Object]:
    """The databases that an application made."""
    return [item for item in request.server.catalogue.find("DATABASE") if item.owner == name]


@statement("SHOW OBJECTS OWNED BY APPLICATION")
def show_owned(request: Request) -> Result:
    name = request.words.identifier()
    request.server.applications.get(name)
    rows = [(item.created_on, item.name, item.kind) for item in _owned(request, name)]
    return table("created_on:timestamp_ltz name type", rows)


@statement("SHOW [TERSE] APPLICATIONS")
def show_applications(request: Request) -> Result:
    listing = of_account(request)
    rows = [
        (
            a.created_on, a.name, "N", "Y" if a.name == request.session.database else "N", "APPLICATION PACKAGE",
            a.definition["package"], a.owner, a.comment, a.definition["version"], a.definition["label"],
            a.definition["patch"], "", "1",
        )
        for a in request.server.catalogue.find(KIND)
        if like(listing.pattern, a.name)
        and listing.sees(Securable("DATABASE", a.name))
        and a.definition["state"] != "INSTALLING"
    ]  # fmt: skip
    result = table(
        "created_on:timestamp_ltz name is_default is_current source_type source owner comment version label "
        "patch:fixed options retention_time",
        rows,
    )
    return finish(request, result, KIND)


@statement("DESCRIBE|DESC APPLICATION")
def describe_application(request: Request) -> Result:
    application = request.server.applications.get(request.words.identifier())
    d = application.definition
    levels = d["manifest"]["configuration"]
    rows = [
        ("name", application.name),
        ("source_organization", ORGANIZATION),
        ("source_account", ACCOUNT),
        ("source_type", "APPLICATION PACKAGE"),
        ("source", d["package"]),
        ("version", d["version"]),
        ("version_label", d["label"]),
        ("patch", None if d["patch"] is None else str(d["patch"])),
        ("created_on", application.created_on.isoformat()),
        ("last_upgraded_on", d["upgraded_on"]),
        ("restricted_callers_rights", "false"),
        ("share_events_with_provider", str(d["telemetry"]).lower()),
        ("authorize_telemetry_event_sharing", str(d["telemetry"]).lower()),
        ("log_level", levels.get("log_level", "OFF")),
        ("trace_level", levels.get("trace_level", "OFF")),
        ("debug_mode", "false"),
        ("upgrade_state", d["state"]),
        ("owner", application.owner),
        ("comment", application.comment),
        ("default_streamlit", d["manifest"]["artifacts"].get("default_streamlit")),
        ("release_channel_name", None),
    ]
    return table("property value", rows)


@statement("SHOW PRIVILEGES IN APPLICATION")
def show_privileges(request: Request) -> Result:
    application = request.server.applications.get(request.words.identifier())
    manifest = application.definition["manifest"]
    granted = str(manifest["manifest_version"] >= 2).lower()
    rows = [(privilege, description, granted, "true") for privilege, description in manifest["privileges"].items()]
    return table("privilege description is_granted is_grantable", rows)


@statement("SHOW REFERENCES IN APPLICATION")
def show_references(request: Request) -> Result:
    application = request.server.applications.get(request.words.identifier())
    bound = request.server.catalogue.find("REFERENCE", database=application.name)
    rows: list[tuple[Any, ...]] = []
    for name, asked in application.definition["manifest"]["references"].items():
        described = (
            name, asked["label"], asked["description"], ",".join(asked["privileges"]), asked["object_type"],
            str(asked["multi_valued"]).lower(),
        )  # fmt: skip
        found = [item for item in bound if item.signature == name]
        for item in found:
            database, schema, object_name = item.definition["on"]
            rows.append((*described, object_name, schema, database, item.name))
        if not found:
            rows.append((*described, None, None, None, None))
    return table(
        "name label description privileges object_type multi_valued object_name schema_name database_name alias", rows
    )


@statement("SHOW TELEMETRY EVENT DEFINITIONS IN APPLICATION")
def show_event_definitions(request: Request) -> Result:
    application = request.server.applications.get(request.words.identifier())
    defined = application.definition["manifest"]["configuration"].get("telemetry_event_definitions") or []
    rows = [(event["type"], event["type"], event["sharing"], "DISABLED") for event in defined]
    return table("name type sharing status", rows)


@statement("CALL SYSTEM$VALIDATE_NATIVE_APP_SETUP (")
def validate_setup(request: Request) -> Result:
    location = request.words.string()
    request.words.expect(")")
    error = request.server.applications.validate(request.session, stage_folder(request, location))
    problems = [] if error is None else [{"message": error.message, "cause": "", "errorCode": error.code}]
    answer = {"status": "FAIL" if problems else "SUCCESS", "errors": problems, "warnings": []}
    return Result([Column("SYSTEM$VALIDATE_NATIVE_APP_SETUP")], [(json.dumps(answer),)])


@function("SYSTEM$BOOTSTRAP_DATA_REQUEST")
def bootstrap_data(_: object, __: list[str]) -> str:
    """What the account can do, as the client asks before it deploys."""
    names = ("FEATURE_RELEASE_CHANNELS", "ENABLE_EVENT_SHARING_V2_IN_THE_SAME_ACCOUNT")
    return json.dumps({"clientParamsInfo": [{"name": name, "value": False} for name in names]})
