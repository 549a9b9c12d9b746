"""Application packages, their versions and release directives."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from emulator.applications import versions
from emulator.applications.versions import KIND
from emulator.catalogue import Object
from emulator.errors import already_exists, compilation_error, does_not_exist
from emulator.names import like, shown
from emulator.result import Column, Result, already_dropped, done, status, table
from emulator.statement import Request, statement
from emulator.statements.databases import remove_database
from emulator.statements.scope import finish, of_account
from emulator.words import Value


def existing_package(request: Request, name: str) -> Object:
    """Raises 002003 when there is no such package."""
    package = request.server.catalogue.get(KIND, name)
    if package is None:
        raise does_not_exist("Application package", shown(name))
    return package


@statement("CREATE APPLICATION PACKAGE [IF NOT EXISTS]")
def create_package(request: Request) -> Result:
    name = request.words.identifier()
    if request.server.databases.exists(name):
        if request.has("IF NOT EXISTS") and request.server.catalogue.get(KIND, name):
            return status(f"{name} already exists, statement succeeded.")
        raise already_exists(name)
    options = request.words.options()
    _refuse_channels(options)
    comment, role = str(options.get("COMMENT", "")), request.session.role
    distribution = str(options.get("DISTRIBUTION", "INTERNAL")).upper()
    if distribution not in ("INTERNAL", "EXTERNAL"):
        raise compilation_error(f"invalid value [{distribution}] for parameter 'DISTRIBUTION'", "001008", "22023")
    request.server.databases.create(name)
    with request.server.catalogue.transaction():
        request.server.catalogue.put(Object("DATABASE", name, owner=role, comment=comment, definition={"kind": KIND}))
        request.server.catalogue.put(Object("SCHEMA", "PUBLIC", name, owner=role))
        definition = {"distribution": distribution, "versions": {}, "directive": None}
        request.server.catalogue.put(Object(KIND, name, owner=role, comment=comment, definition=definition))
    request.session.stand_in(name, "PUBLIC")
    return status(f"Application Package '{name}' created successfully.")


def _refuse_channels(options: dict[str, Value]) -> None:
    if str(options.get("ENABLE_RELEASE_CHANNELS", "false")).lower() != "false":
        raise compilation_error("invalid property 'ENABLE_RELEASE_CHANNELS' for 'APPLICATION PACKAGE'")


@statement("DROP APPLICATION PACKAGE [IF EXISTS]")
def drop_package(request: Request) -> Result:
    name = request.words.identifier()
    if request.has("IF EXISTS") and request.server.catalogue.get(KIND, name) is None:
        return already_dropped(name)
    package = existing_package(request, name)
    versions.drop_all(request.server, package)
    remove_database(request, name)
    request.server.catalogue.drop(package)
    return status(f"{shown(name)} successfully dropped.")


@statement("SHOW [TERSE] APPLICATION PACKAGES")
def show_packages(request: Request) -> Result:
    listing = of_account(request)
    rows = [
        (
            p.created_on, p.name, "N", "Y" if p.name == request.session.database else "N",
            p.definition["distribution"], p.owner, p.comment, "1", "", None, None,
        )
        for p in request.server.catalogue.find(KIND)
        if listing.keeps(p)
    ]  # fmt: skip
    result = table(
        "created_on:timestamp_ltz name is_default is_current distribution owner comment retention_time options "
        "dropped_on:timestamp_ltz application_class",
        rows,
    )
    return finish(request, result, KIND)


@statement("DESCRIBE|DESC APPLICATION PACKAGE")
def describe_package(request: Request) -> Result:
    package = existing_package(request, request.words.identifier())
    rows = [
        ("name", package.name),
        ("distribution", package.definition["distribution"]),
        ("comment", package.comment),
        ("created_on", package.created_on.isoformat()),
        ("owner", package.owner),
    ]
    return table("property value", rows)


@statement("ALTER APPLICATION PACKAGE [IF EXISTS]")
def alter_package(request: Request) -> Result:
    words = request.words
    name = words.identifier()
    if request.has("IF EXISTS") and request.server.catalogue.get(KIND, name) is None:
        return done()
    package = existing_package(request, name)
    if words.accept("ADD VERSION", "REGISTER VERSION"):
        version = words.identifier()
        versions.add_version(request.server, package, version, _files(request), _label(request))
        return status(f"Version '{version}' added to application package '{name}'.")
    if words.accept("ADD PATCH"):
        return _add_patch(request, package)
    if words.accept("DROP VERSION", "DEREGISTER VERSION"):
        version = words.identifier()
        versions.drop_version(request.server, package, version)
        return status(f"Version '{version}' dropped from application package '{name}'.")
    if words.accept("SET DEFAULT RELEASE DIRECTIVE"):
        return _set_directive(request, package)
    if words.accept("UNSET DEFAULT RELEASE DIRECTIVE"):
        package.definition["directive"] = None
    elif words.accept("SET"):
        options = words.options()
        _refuse_channels(options)
        package.comment = str(options.get("COMMENT", package.comment))
        package.definition["distribution"] = str(
            options.get("DISTRIBUTION", package.definition["distribution"])
        ).upper()
    elif words.accept("UNSET COMMENT"):
        package.comment = ""
    else:  # release channels among them: the client reads this as "feature absent"
        raise words.unexpected()
    request.server.catalogue.put(package)
    return done()


def _files(request: Request) -> Path:
    """The folder that `USING @stage/path` names."""
    request.words.expect("USING")
    return stage_folder(request, request.words.location())


def stage_folder(request: Request, location: str) -> Path:
    """Raises 002003 when the stage does not exist."""
    name, below = request.server.stages.resolve(location, request.session)
    if request.server.catalogue.get("STAGE", name) is None:
        raise does_not_exist("Stage", name)
    return request.server.stages.path(name, below)


def _label(request: Request) -> str | None:
    label = request.words.options().get("LABEL")
    return None if label is None else str(label)


def _add_patch(request: Request, package: Object) -> Result:
    words = request.words
    number = None if words.sees("FOR") else int(words.word())
    words.expect("FOR VERSION")
    version = words.identifier()
    added = versions.add_patch(request.server, package, version, number, _files(request), _label(request))
    row = (f"Patch {added} added to version '{version}' of application package '{package.name}'.", version, added)
    return Result([Column("status"), Column("version"), Column("patch", "fixed", 38, 0)], [row])


def _set_directive(request: Request, package: Object) -> Result:
    options = request.words.options()
    version, patch = str(options.get("VERSION", "")).upper(), int(str(options.get("PATCH", "0")))
    versions.of_version(package, version, patch)
    directive = {"version": version, "patch": patch, "modified_on": datetime.now(UTC).isoformat()}
    created = (package.definition["directive"] or directive).get("created_on", directive["modified_on"])
    package.definition["directive"] = {**directive, "created_on": created}
    request.server.catalogue.put(package)
    return status("Default release directive set successfully.")


@statement("SHOW VERSIONS")
def show_versions(request: Request) -> Result:
    words = request.words
    pattern = words.string() if words.accept("LIKE") else None
    words.expect("IN APPLICATION PACKAGE")
    package = existing_package(request, words.identifier())
    rows = [
        (
            version, patch["patch"], patch["label"], patch["comment"], datetime.fromisoformat(patch["created_on"]),
            None, "OFF", "OFF", "READY", "NOT_REVIEWED",
        )
        for version, found in sorted(package.definition["versions"].items())
        if like(pattern, version)
        for patch in found
    ]  # fmt: skip
    return table(
        "version patch:fixed label comment created_on:timestamp_ltz dropped_on:timestamp_ltz log_level trace_level "
        "state review_status",
        rows,
    )


@statement("SHOW RELEASE DIRECTIVES")
def show_release_directives(request: Request) -> Result:
    words = request.words
    pattern = words.string() if words.accept("LIKE") else None
    words.expect("IN APPLICATION PACKAGE")
    package = existing_package(request, words.identifier())
    words.end()
    directive = package.definition["directive"]
    rows = []
    if directive and like(pattern, "DEFAULT"):
        created, modified = (datetime.fromisoformat(directive[key]) for key in ("created_on", "modified_on"))
        rows.append(
            ("DEFAULT", None, None, created, directive["version"], directive["patch"], modified, "ALL", None,
             "DEPLOYED", modified)
        )  # fmt: skip
    return table(
        "name target_type target_name created_on:timestamp_ltz version patch:fixed modified_on:timestamp_ltz "
        "active_regions pending_regions release_status deployed_on:timestamp_ltz",
        rows,
    )


@statement("SHOW RELEASE CHANNELS")
def show_release_channels(_: Request) -> Result:
    raise compilation_error("Unsupported feature 'RELEASE CHANNELS'.")
