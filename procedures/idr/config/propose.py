"""A first configuration for a database, from the names, types and contents of its tables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import yaml

from idr.config import inspect
from idr.config.expression import identifier
from idr.config.profile import Facts, Profile, profile, uniqueness
from idr.config.recognise import Finding, recognise
from idr.config.yaml_file import load_text
from idr.errors import IdrError, Problem
from idr.warehouse import Warehouse

_CHANGED = re.compile(
    r"(?:^|_)(?:updated?|modified|changed|loaded|synced|ingested|extracted|refreshed)(?:_|$)|last_change"
)
_DELETED = re.compile(
    r"(?:^|_)(?:is_)?(?:deleted|removed)(?:_(?:at|on|ts|time|date|flag|ind))?$|^(?:date|time)_deleted$"
)
_KEY_FAMILIES = ("integer", "text", "decimal")
_MORE_ATTRIBUTES = ("address", "street", "city", "state", "country")
_RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("national_id", ("national_id",)),
    ("email", ("email",)),
    ("phone", ("phone",)),
    ("name_birth_date", ("first_name", "last_name", "birth_date")),
    ("last_name_birth_date", ("last_name", "birth_date")),
    ("full_name_birth_date", ("full_name", "birth_date")),
    ("name_postcode", ("first_name", "last_name", "postcode")),
    ("full_name_postcode", ("full_name", "postcode")),
)
_STRATEGY = {"email": "most_recent", "phone": "most_recent", "postcode": "most_recent"}
_HEAD = (
    "A proposal from the tables' names, types and contents: correct it, then `idr config check`.",
    "Ask of each rule: can two people share these values?",
)


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    table: str
    rows: int
    key: tuple[str, str]
    watermark: tuple[str, str] | None
    deleted: tuple[str, str] | None
    found: dict[str, Finding]
    attributes: dict[str, str]
    remarks: list[str]


def propose(wh: Warehouse) -> str:
    """YAML text with a source per table that has a key and values by which people are recognised.

    The text loads and fits the database. Raises IDR-116 when no table can be used, with the reason for each.
    """
    sources: list[_Source] = []
    left_out: dict[str, str] = {}
    for table in wh.list_tables():
        try:
            source = _source(wh, profile(wh, table), {known.name for known in sources})
        except IdrError as error:
            source = f"it cannot be read ({error.problems[0].message})"
        if isinstance(source, str):
            left_out[table] = source
        else:
            sources.append(source)
    rules = _rules(sources)
    if not sources:
        raise _nothing(left_out)
    text = "\n".join(_document(sources, rules, left_out)) + "\n"
    inspect.demand(wh, load_text(text))
    return text


def _nothing(left_out: dict[str, str]) -> IdrError:
    fix = "Write it by hand: `idr init` makes an example, and a view can give a table a key or split a column"
    if not left_out:
        return IdrError.of("IDR-116", "the database has no table or view", fix="Load the data, or create a view on it")
    return IdrError(*(Problem("IDR-116", f"not usable: {why}", f"table {name}", fix) for name, why in left_out.items()))


def _source(wh: Warehouse, table: Profile, taken: set[str]) -> _Source | str:
    """The source that a table makes, or why it makes none."""
    found, remarks = recognise(table.columns)
    if not any(set(match) <= set(found) for _, match in _RULES):
        what = f"only {', '.join(found)}" if found else "no column that tells who a person is"
        return "; ".join(
            [f"{what}; a link needs an e-mail address, a phone number, or a name with a birth date", *remarks]
        )
    used = {finding.column for finding in found.values()}
    key = _key(wh, table, used)
    if key is None:
        return "no column, and no pair of id columns, is filled and different in every row"
    rest = tuple(column for column in table.columns if column.name not in used)
    more = {column.words: column.written for column in rest if column.words in _MORE_ATTRIBUTES and column.values}
    profiled = {name: finding.expression for name, finding in found.items() if name != "national_id"}
    return _Source(
        name=_name(table.table, taken),
        table=table.table,
        rows=table.rows,
        key=key,
        watermark=_watermark(rest),
        deleted=_deleted(rest),
        found=found,
        attributes=profiled | more,
        remarks=remarks,
    )


def _name(table: str, taken: set[str]) -> str:
    """A source id such as `crm_customers`; DuckDB's default schema `main` goes without saying."""
    plain = unicodedata.normalize("NFKD", table.removeprefix("main.")).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:50].strip("_")
    if not base[:1].isalpha():
        base = f"source_{base}".strip("_")
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def _key(wh: Warehouse, table: Profile, used: set[str]) -> tuple[str, str] | None:
    """The primary key, else the best unique column, else a unique pair of columns named like ids; with evidence."""
    rows = f"unique in {table.rows:,} rows" if table.rows else "the table is empty"
    by_name = {column.name: column for column in table.columns if column.family in _KEY_FAMILIES}
    candidates: list[tuple[tuple[str, ...], str]] = []
    if table.primary_key and set(table.primary_key) <= set(by_name):
        candidates.append((table.primary_key, f"the primary key, {rows}"))
    ranked = sorted((c for c in by_name.values() if c.name not in used), key=lambda c: _key_rank(c, table.table))
    whole = [c for c in ranked if len(set(c.values)) >= c.sampled - 1]
    named = [c for c in ranked if _key_rank(c, table.table) < 4]
    candidates += [((c.name,), rows) for c in whole if c in named]
    candidates += [((a.name, b.name), rows) for a, b in combinations(named[:6], 2)]
    candidates += [((c.name,), rows) for c in whole if c not in named]
    for columns, evidence in candidates:
        written = [identifier(name) for name in columns]
        parts = ", ".join(f"cast({name} as varchar)" for name in written)
        key = written[0] if len(written) == 1 else f"concat_ws('|', {parts})"
        if uniqueness(wh, table.table, key):
            return key, evidence
    return None


def _key_rank(column: Facts, table: str) -> int:
    own = re.sub(r"[\W_]+", "_", table.rsplit(".", 1)[-1]).strip("_").lower().removesuffix("s")
    words = column.words
    if words in ("id", "key", "pk", f"{own}_id", f"{own}_key", f"{own}id"):
        return 0
    if re.search(r"(?:^|_)(?:id|key|pk)$", words):
        return 1
    if re.search(r"(?:^|_)(?:uuid|guid|number|no|nr|code|ref)$", words):
        return 2
    return 3 if words.endswith(("id", "key")) else 4


def _watermark(columns: Sequence[Facts]) -> tuple[str, str] | None:
    clocks = [c for c in columns if c.family.startswith("timestamp") and _CHANGED.search(c.words)]
    best = max(clocks, key=lambda c: (c.filled, "updat" in c.words or "modif" in c.words), default=None)
    if best is None:
        return None
    if not best.values:
        return best.written, "by its name; it has no values yet"
    empty = "" if best.filled == 1 else f", {100 * (1 - best.filled):.1f} % are empty: such rows are read each time"
    return best.written, f"from {min(best.values)[:10]} to {max(best.values)[:10]} in the sample{empty}"


def _deleted(columns: Sequence[Facts]) -> tuple[str, str] | None:
    for column in columns:
        if not _DELETED.search(column.words):
            continue
        values = {text.lower() for text in column.values}
        share = f"{100 * column.filled:.0f} % of the sample"
        if column.family == "boolean":
            return column.written, "a flag"
        if column.family in ("date", "timestamp", "timestamp_tz"):
            return f"{column.written} is not null", f"filled in {share}"
        if column.family == "integer" and values <= {"1"}:
            return f"{column.written} = 1", f"1 in {share}"
        yes = sorted(values & {"y", "yes", "true", "t", "1"})
        if column.family == "text" and yes and values <= {"y", "yes", "true", "t", "1", "n", "no", "false", "f"}:
            words = ", ".join(f"'{word}'" for word in yes)
            return f"lower({column.written}) in ({words})", "a flag in words"
    return None


def _rules(sources: Sequence[_Source]) -> list[tuple[str, tuple[str, ...], str]]:
    """Rules whose identifiers some source has together; a weaker name rule only where no stronger one applies."""
    rules: list[tuple[str, tuple[str, ...], str]] = []
    named: set[str] = set()
    for rule_id, match in _RULES:
        having = {source.name for source in sources if set(match) <= set(source.found)}
        if not having or (len(match) > 1 and having <= named):
            continue
        if len(match) > 1:
            named |= having
        rules.append((rule_id, match, f"in {len(having)} of {len(sources)} sources"))
    return rules


def _document(
    sources: Sequence[_Source], rules: Sequence[tuple[str, tuple[str, ...], str]], left_out: dict[str, str]
) -> Iterator[str]:
    yield from (_comment(line) for line in _HEAD)
    if left_out:
        yield "#\n# Left out:"
        yield from (_comment(f"  {table}: {why}") for table, why in left_out.items())
    yield "\nsources:"
    for source in sources:
        yield from _source_lines(source)
    yield "identifiers:"
    for name, finding in {name: finding for source in sources for name, finding in source.found.items()}.items():
        kinds = {source.found[name].normalize for source in sources if name in source.found}
        normalize = finding.normalize if len(kinds) == 1 else finding.kind.normalize
        region = ", region: US" if normalize == "phone" else ""
        said = "the country of numbers without a prefix: correct it" if region else ""
        yield _line(f"  {name}: {{normalize: {normalize}{region}}}", said)
    yield "\nrules:"
    for rule_id, match, evidence in rules:
        cap = ", max_group_size: 20" if len(match) == 1 else ""
        yield _line(f"  - {{id: {rule_id}, match: [{', '.join(match)}]{cap}}}", evidence)
    yield "\nsurvivorship:"
    dated = any(source.watermark for source in sources)
    for name in dict.fromkeys(name for source in sources for name in source.attributes):
        recent = dated and (name in _STRATEGY or name in _MORE_ATTRIBUTES)
        yield f"  {name}: {{strategy: {'most_recent' if recent else 'most_frequent'}}}"


def _source_lines(source: _Source) -> Iterator[str]:
    yield f"  {source.name}:"
    yield _line(f"    table: {_scalar(source.table)}", f"{source.rows:,} rows")
    yield _line(f"    key: {_scalar(source.key[0])}", source.key[1])
    if source.watermark:
        yield _line(f"    watermark: {_scalar(source.watermark[0])}", source.watermark[1])
    else:
        yield _comment("no timestamp of the last change was found: the table is read each time", "    ")
    if source.deleted:
        yield _line(f"    deleted_when: {_scalar(source.deleted[0])}", source.deleted[1])
    yield "    identifiers:"
    for name, finding in source.found.items():
        yield _line(f"      {name}: {_scalar(finding.expression)}", finding.evidence)
    yield from (_comment(remark, "      ") for remark in source.remarks)
    yield "    attributes:"
    yield from (f"      {name}: {_scalar(text)}" for name, text in source.attributes.items())
    yield ""


def _line(text: str, evidence: str) -> str:
    return f"{text}  {_comment(evidence)}" if evidence else text


def _comment(text: str, indent: str = "") -> str:
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
    return f"{indent}# {shown}"


def _scalar(text: str) -> str:
    style = None if re.fullmatch(r"[ -~]+", text) else '"'
    dumped = yaml.safe_dump(text, default_style=style, width=float("inf"), allow_unicode=True)
    return dumped.removesuffix("\n").removesuffix("\n...")
