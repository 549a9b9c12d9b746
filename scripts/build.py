"""Packs the application's Python code: the package without its terminal and DuckDB parts, its SQL, and sqlglot."""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "procedures" / "idr"
LEFT_OUT = ("cli/", "warehouse/compact.py", "warehouse/duckdb.py")
VENDORED = "sqlglot"  # Snowflake ships a version of its own choice; ours must match what the tests ran
NO_TIME = (1980, 1, 1, 0, 0, 0)


def package_files() -> Iterator[tuple[str, Path]]:
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(LEFT_OUT):
            yield f"idr/{name}", path
    for path in (ROOT / "sql").rglob("*.sql"):
        yield f"idr/{path.relative_to(ROOT).as_posix()}", path
    for path in (ROOT / "setup").glob("*.sql"):
        yield f"idr/setup/{path.name}", path


def vendored_files() -> Iterator[tuple[str, Path]]:
    found = distribution(VENDORED)
    for file in found.files or ():
        name = file.as_posix()
        if name.endswith(".so"):
            raise SystemExit(f"build: {VENDORED} is installed with compiled parts ({name}); install the pure wheel")
        if name.endswith(".py") or "/licenses/" in name:
            yield name, Path(str(found.locate_file(file)))


def build(target: Path) -> int:
    """Write the archive: names in order, no times, one set of permissions; return the number of files."""
    files = dict(sorted([*package_files(), *vendored_files()]))
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    with zipfile.ZipFile(part, "w") as archive:
        for name, path in files.items():
            entry = zipfile.ZipInfo(name, NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=9)
    part.replace(target)
    return len(files)


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the archive that the application imports.")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "idr.zip")
    target: Path = parser.parse_args().output
    count = build(target)
    print(f"build: {target}, {count} files, {target.stat().st_size / 1024:,.0f} kB", file=sys.stderr)


if __name__ == "__main__":
    main()
