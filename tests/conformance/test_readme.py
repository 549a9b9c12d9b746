"""app/README.md and the README tell what an installed application shows: procedures, roles, privileges, references."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from .twins import Twins

pytestmark = [pytest.mark.snowflake, pytest.mark.timeout(300), pytest.mark.slow]
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "app" / "README.md").read_text(encoding="utf-8")
ROLES = ("IDR_VIEWER", "IDR_OPERATOR", "IDR_ADMIN")


def rows(twins: Twins, statement: str) -> list[dict[str, Any]]:
    twins.cursor.execute(statement)
    names = [column.name for column in twins.cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in twins.cursor.fetchall()]


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def told(title: str) -> list[list[str]]:
    """The cells of the tables of a section, without their heads."""
    lines = [line for line in section(title).splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines]


def procedures(twins: Twins) -> dict[str, str]:
    """The signatures that the application's roles may call, with the names of their arguments, and the role's."""
    found: dict[str, str] = {}
    for role in ROLES:
        for grant in rows(twins, f"show grants to application role idr.{role.lower()}"):
            if grant["granted_on"] == "PROCEDURE":
                assert grant["privilege"] == "USAGE"
                [signature] = [
                    row["value"]
                    for row in rows(twins, f"describe procedure {grant['name']}")
                    if row["property"] == "signature"
                ]
                arguments = ", ".join(part.split()[0] for part in signature.strip("()").split(", ") if part)
                name = grant["name"].split(".")[2].partition("(")[0]
                found[f"{name}({arguments})".lower()] = role.lower()
    return found


def test_every_procedure_is_listed_with_its_arguments_and_role(twins: Twins) -> None:
    assert {signature: role for signature, role, _ in told("Procedures")} == procedures(twins)
    shown = {row["name"] for row in rows(twins, "show procedures in application idr")}
    assert shown == {signature.partition("(")[0].upper() for signature in procedures(twins)}


def test_what_the_pages_call_is_there(twins: Twins) -> None:
    known = {(name, signature.count(",") + (signature != f"{name}()")) for signature in procedures(twins)
             for name in [signature.partition("(")[0]]}  # fmt: skip
    pages = [PAGE, (ROOT / "README.md").read_text(encoding="utf-8")]
    pages += [page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").rglob("*.md"))]
    calls = {
        call for page in pages for call in re.findall(r"call idr\w*\.core\.(\w+)\(((?:[^()]|\([^()]*\))*)\)", page)
    }
    assert len(calls) > 10
    for name, arguments in sorted(calls):
        plain = re.sub(r"\$\$.*?\$\$|'[^']*'|\{[^}]*\}|\([^()]*\)", "x", arguments, flags=re.DOTALL)
        count = plain.count(",") + 1 if plain.strip() else 0
        assert (name, count) in known, f"{name}({arguments})"


def test_roles_and_what_they_hold(twins: Twins) -> None:
    assert [name.upper() for name, _ in told("Application roles")] == list(ROLES)
    assert {row["name"] for row in rows(twins, "show application roles in application idr")} == set(ROLES)
    for lower, higher in pairwise(ROLES):
        of = rows(twins, f"show grants of application role idr.{lower.lower()}")
        assert [row["grantee_name"] for row in of] == [f"IDR.{higher}"]
    for role, schemas in (("idr_viewer", {"IDR_OUT"}), ("idr_operator", {"IDR_OUT", "IDR_META"})):
        twins.cursor.execute("create or replace role reader")
        twins.cursor.execute(f"grant application role idr.{role} to role reader")
        twins.cursor.execute("use role reader")
        seen = {f"{row['schema_name']}.{row['name']}" for row in rows(twins, "show objects in application idr")}
        twins.cursor.execute("use role accountadmin")
        made = {name.upper() for name in twins._tables()}
        assert {name.partition(".")[0] for name in seen} == schemas
        assert seen >= {name for name in made if name.partition(".")[0] in schemas}
    twins.cursor.execute("drop role reader")


def test_privileges_and_references(twins: Twins) -> None:
    asked = {row["privilege"] for row in rows(twins, "show privileges in application idr")}
    bound = {row["name"]: row["privileges"] for row in rows(twins, "show references in application idr")}
    assert {name for name, _ in told("Privileges")} == asked | {name.lower() for name in bound}
    for name, text in told("Privileges"):
        if name.upper() in bound and "the same" not in text:
            assert f"({bound[name.upper()]})" in text
