"""Installing, upgrading and dropping applications.

An application is a database, an entry in the catalogue and a copy of its files. A change that fails, or that the end
of the process cuts off, is undone: a new application disappears, an upgraded one is again what it was.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.applications import backup, manifest
from emulator.catalogue import Object
from emulator.errors import SqlError, already_exists, does_not_exist
from emulator.grants import ACCOUNT, Grant, Grantee
from emulator.names import quote, shown, split
from emulator.statements.scripts import run_file, statements_of

if TYPE_CHECKING:
    from emulator.server import Server
    from emulator.session import Session

KIND = "APPLICATION"


@dataclass(frozen=True, slots=True)
class Source:
    """The files of an application and where they come from: a stage, a version, or what the package releases."""

    folder: Path
    mode: str  # STAGE, VERSION, DIRECTIVE
    version: str = "UNVERSIONED"
    patch: int | None = None
    label: str | None = None


class Applications:
    """What is installed. One change of an application at a time: the next one waits."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self._valid: set[str] = set()

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Within the block no other thread changes the application of that name. 000625 when it lasts too long."""
        lock = self._locks[name]
        if not lock.acquire(timeout=self._server.settings.lock_timeout):
            raise SqlError(
                f"Application {shown(name)} is being installed or upgraded by another session.", "000625", "57014"
            )
        try:
            yield
        finally:
            lock.release()

    def get(self, name: str) -> Object:
        """Raises 002003 when there is no such application."""
        found = self._server.catalogue.get(KIND, name)
        if found is None:
            raise does_not_exist("Application", shown(name))
        return found

    def create(self, session: Session, name: str, source: Source, package: str, comment: str = "") -> None:
        """Install an application. Raises 002002 for a name in use, 093082 when its setup script fails."""
        with self.alone(name):
            self._create(session, name, source, package, comment)

    def _create(self, session: Session, name: str, source: Source, package: str, comment: str = "") -> None:
        server = self._server
        if server.databases.exists(name):
            raise already_exists(name)
        description = manifest.read(source.folder)
        application = Object(KIND, name, owner=session.role, comment=comment)
        application.definition = {"package": package, "release": 0, "state": "INSTALLING", "telemetry": False}
        server.catalogue.put(application)
        try:
            server.databases.create(name)
            server.databases.drop_schema(name, "PUBLIC")
            server.catalogue.put(Object("DATABASE", name, owner=session.role, definition={"kind": KIND}))
            self._set_up(session, application, source, description)
        except BaseException:
            self._remove(name)
            raise

    def upgrade(self, session: Session, name: str, source: Source) -> None:
        """Replace the code and keep the state. Raises 093082 when the setup script fails; nothing changes then."""
        server = self._server
        with self.alone(name):
            application = self.get(name)
            description = manifest.read(source.folder)
            backup.save(server, application)
            try:
                application.definition["state"] = "UPGRADING"
                for schema in self._versioned_schemas(name):
                    server.catalogue.drop_in(name, schema.name)
                    server.databases.set_views(name, schema.name, {})
                self._set_up(session, application, source, description)
                self._drop_former_tables(name)
            except BaseException:
                backup.restore(server, name)
                raise
            backup.discard(server, name)
            self._remove_former_files(application)

    def _set_up(self, session: Session, application: Object, source: Source, description: dict[str, Any]) -> None:
        """Copy the files, run the setup script as the application, then its initializer."""
        server, name, d = self._server, application.name, application.definition
        d["release"] += 1
        root = self._folder / name / str(d["release"])
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(source.folder, root)
        d.update(
            root=str(root), manifest=description, mode=source.mode, version=source.version, patch=source.patch,
            label=source.label,
        )  # fmt: skip
        server.catalogue.put(application)
        self._grant_privileges(application)
        own = server.open_session(
            role=name, warehouse=session.warehouse, database=name, application=name, owner_rights=True
        )
        try:
            self._run_script(own, root, description)
            initializer = description["lifecycle_callbacks"].get("version_initializer")
            if initializer and source.mode != "VALIDATION":
                server.execute(own, f"call {quote(name)}.{'.'.join(quote(part) for part in split(initializer))}()")
        except SqlError as error:
            whose = "" if source.mode == "VALIDATION" else f" of application {shown(name)}"
            raise SqlError(f"Failed to execute the setup script{whose}. {error.message}", "093082", "42601") from error
        finally:
            server.close_session(own)
        for schema in self._versioned_schemas(name):
            if schema.definition["release"] != d["release"]:
                self._drop_schema(schema)
        d.update(state="COMPLETE", upgraded_on=datetime.now(UTC).isoformat())
        server.catalogue.put(application)

    def _run_script(self, own: Session, root: Path, description: dict[str, Any]) -> None:
        script = root / description["artifacts"]["setup_script"]
        if not statements_of(script):
            raise SqlError(f"The setup script {script.relative_to(root)} has no statement.", "093084", "42601")
        run_file(self._server, own, script, root)

    def _grant_privileges(self, application: Object) -> None:
        """A manifest of version 2 gets its privileges on the account without being granted them one by one."""
        grantee = Grantee(KIND, application.name)
        asked = application.definition["manifest"]
        self._server.grants.remove(ACCOUNT, grantee, None)
        if asked["manifest_version"] == 2:
            self._server.grants.add(
                Grant(privilege, ACCOUNT, grantee, granted_by=application.owner) for privilege in asked["privileges"]
            )

    def _versioned_schemas(self, name: str) -> list[Object]:
        return [s for s in self._server.catalogue.find("SCHEMA", database=name) if "release" in s.definition]

    def _drop_former_tables(self, name: str) -> None:
        """Tables of a versioned schema that the new version has not made are gone."""
        server = self._server
        for schema in self._versioned_schemas(name):
            for relation, kind in server.databases.listing(name, schema.name):
                if server.catalogue.get(kind, relation) is None:
                    server.databases.drop_relation(relation, kind)

    def _drop_schema(self, schema: Object) -> None:
        server = self._server
        server.sessions.leave_schema(schema.database, schema.name)
        server.catalogue.drop_in(schema.database, schema.name)
        server.catalogue.drop(schema)
        server.databases.drop_schema(schema.database, schema.name)

    def _remove_former_files(self, application: Object) -> None:
        current = Path(application.definition["root"])
        for folder in current.parent.iterdir():
            if folder != current:
                shutil.rmtree(folder, ignore_errors=True)

    def drop(self, name: str) -> None:
        with self.alone(name):
            self.get(name)
            self._remove(name)

    def _remove(self, name: str) -> None:
        server = self._server
        server.sessions.leave_database(name)
        with server.catalogue.transaction():
            server.catalogue.drop_in(name)
            server.catalogue.drop(Object("DATABASE", name))
            server.grants.remove(ACCOUNT, Grantee(KIND, name), None)
        server.stages.drop_in(name)
        if server.databases.exists(name):
            server.databases.drop(name)
        shutil.rmtree(self._folder / name, ignore_errors=True)
        server.catalogue.drop(Object(KIND, name))

    def validate(self, session: Session, folder: Path) -> SqlError | None:
        """Install the files under a name that nobody uses, and take everything away again: the error, if any."""
        fingerprint = _fingerprint(folder)
        if fingerprint in self._valid:
            return None
        name = f"VALIDATION_{secrets.token_hex(8).upper()}"
        try:
            self._create(session, name, Source(folder, "VALIDATION"), package="")
        except SqlError as error:
            return error
        self._remove(name)
        self._valid.add(fingerprint)
        return None

    def recover(self) -> None:
        """Undo what a former process did not finish."""
        for application in self._server.catalogue.find(KIND):
            if application.definition["state"] == "INSTALLING":
                self._remove(application.name)
        backup.restore_all(self._server)


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
