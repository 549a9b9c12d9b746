"""File formats: their options, and how DuckDB reads a file of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emulator.catalogue import Object
from emulator.errors import SqlError, does_not_exist, unsupported
from emulator.names import literal, split
from emulator.session import Session
from emulator.words import Value, Words

KIND = "FILE FORMAT"
FILE_NAME, ROW_NUMBER = "METADATA$FILENAME", "METADATA$FILE_ROW_NUMBER"

# Options whose default is all that the local Snowflake does, or that change nothing here.
_WITHOUT_EFFECT = {
    "BINARY_AS_TEXT", "COMPRESSION", "ESCAPE_UNENCLOSED_FIELD", "RECORD_DELIMITER", "REPLACE_INVALID_CHARACTERS",
    "SKIP_BLANK_LINES", "SNAPPY_COMPRESSION", "USE_LOGICAL_TYPE", "USE_VECTORIZED_SCANNER", "VALIDATE_UTF8",
    "SKIP_BYTE_ORDER_MARK",
}  # fmt: skip
_KNOWN = {
    "CSV": {
        "EMPTY_FIELD_AS_NULL", "ERROR_ON_COLUMN_COUNT_MISMATCH", "FIELD_DELIMITER", "FIELD_OPTIONALLY_ENCLOSED_BY",
        "NULL_IF", "PARSE_HEADER", "SKIP_HEADER", "TRIM_SPACE",
    },
    "JSON": {"NULL_IF", "STRIP_NULL_VALUES", "STRIP_OUTER_ARRAY"},
    "PARQUET": {"NULL_IF", "TRIM_SPACE"},
}  # fmt: skip
_FORMAT_OPTIONS = ("DATE_FORMAT", "TIME_FORMAT", "TIMESTAMP_FORMAT")


@dataclass(frozen=True, slots=True)
class FileFormat:
    """The type of a file, CSV, JSON or PARQUET, and its options as written. Raises 000002 for what is not supported."""

    type: str
    options: dict[str, Value]

    def __post_init__(self) -> None:
        if self.type not in _KNOWN:
            raise unsupported(f"{self.type} file format")
        for name, value in self.options.items():
            plain = name in _FORMAT_OPTIONS and str(value).upper() == "AUTO"
            if name not in _KNOWN[self.type] | _WITHOUT_EFFECT and not plain:
                raise unsupported(f"file format option {name}")

    @classmethod
    def of(cls, options: dict[str, Value]) -> FileFormat:
        kept = {name: value for name, value in options.items() if name not in ("TYPE", "COMMENT", "FORMAT_NAME")}
        return cls(str(options.get("TYPE", "CSV")).upper(), kept)

    def text(self, option: str, default: str) -> str:
        return str(self.options.get(option, default))

    def flag(self, option: str, default: bool = False) -> bool:
        return self.text(option, str(default)).upper() == "TRUE"

    @property
    def delimiter(self) -> str:
        written = self.text("FIELD_DELIMITER", ",")
        return "," if written.upper() == "NONE" else written.encode().decode("unicode_escape")

    @property
    def enclosure(self) -> str:
        written = self.text("FIELD_OPTIONALLY_ENCLOSED_BY", "NONE")
        return "" if written.upper() == "NONE" else written

    @property
    def nulls(self) -> list[str]:
        written = self.options.get("NULL_IF", ["\\N"] if self.type == "CSV" else [])
        return written if isinstance(written, list) else [written]

    @property
    def header_lines(self) -> int:
        return 1 if self.flag("PARSE_HEADER") else int(self.text("SKIP_HEADER", "0"))

    # ---- reading

    def rows(self, file: Path, shown: str, columns: int | None = None) -> str:
        """SQL for DuckDB: the rows of a file as COLUMN1, COLUMN2, .. with the name of the file and their numbers.

        CSV gives VARCHAR columns, as many as told or as the file has; JSON and PARQUET one column of JSON.
        """
        metadata = f'{literal(shown)} as "{FILE_NAME}", row_number() over () as "{ROW_NUMBER}"'
        if self.type != "CSV":
            return f'select value as "COLUMN1", {metadata} from ({self._values(file)})'
        return f"select *, {metadata} from {self._csv(file, columns)}"

    def named_columns(self, file: Path) -> str:
        """SQL for DuckDB: the rows of a PARQUET file, or of a CSV file with a header, with the file's own columns."""
        if self.type == "PARQUET":
            return f"select * from read_parquet({literal(str(file))})"
        return f"select * from {self._csv(file, None, header=True)}"

    def inferred(self, file: Path) -> str:
        """SQL for DuckDB: the file with the columns and types that DuckDB sees in it."""
        if self.type == "JSON":
            layout = "array" if self.flag("STRIP_OUTER_ARRAY") else "newline_delimited"
            return f"select * from read_json({literal(str(file))}, format = '{layout}')"
        if self.type == "CSV":
            return f"select * from {self._csv(file, None, header=self.flag('PARSE_HEADER'), typed=True)}"
        return self.named_columns(file)

    def field(self, column: str) -> str:
        """SQL for DuckDB: the value of a CSV column after TRIM_SPACE and NULL_IF."""
        if self.type != "CSV":
            return column
        value = f"trim({column})" if self.flag("TRIM_SPACE") else column
        listed = ", ".join(literal(text) for text in self.nulls)
        return f"case when {value} in ({listed}) then null else {value} end" if listed else value

    def _values(self, file: Path) -> str:
        name = literal(str(file))
        if self.type == "PARQUET":
            return f"select to_json(t) as value from read_parquet({name}) t"
        layout = "array" if self.flag("STRIP_OUTER_ARRAY") else "unstructured"
        return f"select json as value from read_json_objects({name}, format = '{layout}')"

    def _csv(self, file: Path, columns: int | None, header: bool = False, typed: bool = False) -> str:
        options = [
            f"header = {str(header).lower()}", f"delim = {literal(self.delimiter)}",
            f"quote = {literal(self.enclosure)}", f"escape = {literal(self.enclosure)}",
            f"skip = {0 if header else self.header_lines}",
        ]  # fmt: skip
        if self.flag("EMPTY_FIELD_AS_NULL", default=True):
            options += ["nullstr = ['']", "allow_quoted_nulls = false"]
        else:
            options += ["nullstr = []"]
        if columns is None:
            options += ["null_padding = true", f"all_varchar = {str(not typed).lower()}"]
        else:
            fields = ", ".join(f"'COLUMN{i + 1}': 'VARCHAR'" for i in range(columns))
            options += ["auto_detect = false", f"columns = {{{fields}}}"]
            if not self.flag("ERROR_ON_COLUMN_COUNT_MISMATCH", default=True):
                options += ["null_padding = true", "strict_mode = false"]
        return f"read_csv({literal(str(file))}, {', '.join(options)})"


def find(session: Session, name: str) -> Object:
    """The named file format. Raises 002003 when there is none."""
    full = session.name(split(name), "file format operation")
    found = session.server.catalogue.get(KIND, full)
    if found is None or not session.sees(found):
        raise does_not_exist("File format", full)
    return found


def named(session: Session, name: str) -> FileFormat:
    return FileFormat.of(find(session, name).definition["options"])


def chosen(session: Session, written: Value | dict[str, Value] | None, default: dict[str, Value]) -> FileFormat:
    """The file format of a FILE_FORMAT clause: a name, or options over those of FORMAT_NAME or of the stage."""
    if isinstance(written, str):
        return named(session, written)
    if not isinstance(written, dict):
        return FileFormat.of(_over_name(session, default))
    if "FORMAT_NAME" in written:
        return FileFormat.of(_over_name(session, written))
    kept = default if written.get("TYPE", default.get("TYPE")) == default.get("TYPE") else {}
    return FileFormat.of({**_over_name(session, kept), **written})


def _over_name(session: Session, options: dict[str, Value]) -> dict[str, Value]:
    name = options.get("FORMAT_NAME")
    return {**find(session, str(name)).definition["options"], **options} if name else options


def read_clause(words: Words) -> Value | dict[str, Value]:
    """What stands after `FILE_FORMAT =`."""
    return words.group() if words.sees("(") else words.dotted()


def column_count_error(error: SqlError, file: str) -> SqlError:
    """DuckDB's complaint about the number of fields of a line in Snowflake's words."""
    if "Expected Number of Columns" not in error.message:
        return error
    wanted, _, found = error.message.partition("Expected Number of Columns: ")[2].split("\n")[0].partition(" Found: ")
    return SqlError(
        f"Number of columns in file ({found}) does not match that of the corresponding table ({wanted}), use file "
        "format option error_on_column_count_mismatch=false to ignore this error\n"
        f"  File '{file}', line {error.message.partition('CSV Error on Line: ')[2].split(chr(10))[0]}",
        "100080",
        "22000",
    )
