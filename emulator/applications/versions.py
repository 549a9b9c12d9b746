"""The versions and patches of an application package: copies of the files of a stage that never change."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.applications import manifest
from emulator.applications.install import Source
from emulator.catalogue import Object
from emulator.errors import SqlError
from emulator.names import shown

if TYPE_CHECKING:
    from emulator.server import Server

KIND = "APPLICATION PACKAGE"


def _folder(server: Server, package: Object) -> Path:
    return server.data / "packages" / package.name


def patches(package: Object, version: str) -> list[dict[str, Any]]:
    """The patches of a version, oldest first. Raises 093031 for a version that the package does not have."""
    found = package.definition["versions"].get(version)
    if found is None:
        raise SqlError(
            f"Version '{version}' does not exist in application package {shown(package.name)}.", "093031", "02000"
        )
    return found


def add_version(server: Server, package: Object, version: str, files: Path, label: str | None) -> None:
    """Raises 093030 for a version that exists, 093300 and following for a manifest that is wrong."""
    if version in package.definition["versions"]:
        raise SqlError(
            f"Version '{version}' already exists in application package {shown(package.name)}.", "093030", "42710"
        )
    package.definition["versions"][version] = [_patch(server, package, version, 0, files, label)]
    server.catalogue.put(package)


def add_patch(server: Server, package: Object, version: str, number: int | None, files: Path, label: str | None) -> int:
    """Add the next patch, or one with a number of its own, which must be higher than the last one (093167)."""
    existing = patches(package, version)
    last = int(existing[-1]["patch"])
    if number is None:
        number = last + 1
    if number in [patch["patch"] for patch in existing]:
        raise SqlError(f"Patch {number} already exists for version '{version}'.", "093168", "42710")
    if number < last:
        raise SqlError(f"Patch {number} of version '{version}' is lower than its last patch {last}.", "093167", "22023")
    existing.append(_patch(server, package, version, number, files, label))
    server.catalogue.put(package)
    return number


def _patch(
    server: Server, package: Object, version: str, number: int, files: Path, label: str | None
) -> dict[str, Any]:
    described = manifest.read(files)["version"]
    folder = _folder(server, package) / version / str(number)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(files, folder)
    return {
        "patch": number,
        "label": label or described.get("label"),
        "comment": described.get("comment"),
        "created_on": datetime.now(UTC).isoformat(),
        "folder": str(folder),
    }


def drop_version(server: Server, package: Object, version: str) -> None:
    """Raises 093088 while the release directive names the version."""
    patches(package, version)
    directive = package.definition["directive"]
    if directive and directive["version"] == version:
        raise SqlError(
            f"Version '{version}' cannot be dropped: the default release directive refers to it.", "093088", "2BP01"
        )
    del package.definition["versions"][version]
    server.catalogue.put(package)
    shutil.rmtree(_folder(server, package) / version, ignore_errors=True)


def drop_all(server: Server, package: Object) -> None:
    shutil.rmtree(_folder(server, package), ignore_errors=True)


def of_version(package: Object, version: str, number: int | None, mode: str = "VERSION") -> Source:
    """The files of a version: of one patch, or of the last. Raises 093036 for a patch that it does not have."""
    for patch in reversed(patches(package, version)):
        if number in (None, patch["patch"]):
            return Source(Path(patch["folder"]), mode, version, patch["patch"], patch["label"])
    raise SqlError(f"Patch {number} does not exist for version '{version}'.", "093036", "02000")


def released(package: Object) -> Source:
    """The files that the default release directive names. Raises 093054 when there is none."""
    directive = package.definition["directive"]
    if directive is None:
        raise SqlError(
            f"No version of application package {shown(package.name)} is available: it has no release directive.",
            "093054",
            "02000",
        )
    return of_version(package, directive["version"], directive["patch"], "DIRECTIVE")
