"""COPY INTO a location: the rows of a table or query as files of a stage."""

from __future__ import annotations

from emulator.errors import SqlError, unsupported
from emulator.loading import files, formats
from emulator.names import literal, quote
from emulator.result import ArrowResult, Result, table
from emulator.session import Session
from emulator.words import Value

_ROWS = "UNLOAD$ROWS"


def unload(
    session: Session,
    location: str,
    query: str,
    file_format: Value | dict[str, Value] | None,
    options: dict[str, Value],
) -> Result:
    """Write one file, whatever MAX_FILE_SIZE says. Raises 001030 when it is there and OVERWRITE is not set."""
    stage, below = files.locate(session, location)
    chosen = formats.chosen(session, file_format, files.stage_format(session, stage))
    result = session.server.execute(session, query)
    if not isinstance(result, ArrowResult):
        raise unsupported("COPY INTO a location from this statement")
    compression = _compression(chosen)
    target = session.server.stages.path(stage, _name(below, chosen, compression, _on(options, "SINGLE")))
    if target.exists() and not _on(options, "OVERWRITE"):
        raise SqlError(
            f"Files already existing at the unload destination: {location}. Use overwrite option to force unloading.",
            "001030",
            "22000",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    connection = session.connection
    with connection.lock:
        connection.register(_ROWS, result.arrow)
        try:
            writer = _writer(chosen, result, _on(options, "HEADER"), compression)
            connection.native(session, f"copy ({writer[0]}) to {literal(str(target))} ({writer[1]})")
        finally:
            connection.unregister(_ROWS)
    size = target.stat().st_size
    rows = [(result.arrow.num_rows, result.arrow.nbytes, size)]
    return table("rows_unloaded:fixed input_bytes:fixed output_bytes:fixed", rows)


def _on(options: dict[str, Value], name: str) -> bool:
    return str(options.get(name, "FALSE")).upper() == "TRUE"


def _compression(chosen: formats.FileFormat) -> str:
    written = chosen.text("COMPRESSION", "AUTO").upper()
    if chosen.type == "PARQUET":
        return {"AUTO": "snappy", "NONE": "uncompressed"}.get(written, written.lower())
    if written not in ("AUTO", "GZIP", "NONE"):
        raise unsupported(f"COMPRESSION = {written}")
    return "none" if written == "NONE" else "gzip"


def _name(below: str, chosen: formats.FileFormat, compression: str, single: bool) -> str:
    extension = {"CSV": ".csv", "JSON": ".json", "PARQUET": f".{compression}.parquet"}[chosen.type]
    if chosen.type == "PARQUET" and compression == "uncompressed":
        extension = ".parquet"
    zipped = ".gz" if compression == "gzip" and chosen.type != "PARQUET" else ""
    if single:
        return below if below and not below.endswith("/") else f"{below}data"
    prefix = f"{below}data" if not below or below.endswith("/") else below
    return f"{prefix}_0_0_0{extension}{zipped}"


def _writer(chosen: formats.FileFormat, result: ArrowResult, header: bool, compression: str) -> tuple[str, str]:
    """The query on the rows, and the options of DuckDB's COPY."""
    if chosen.type == "PARQUET":
        names = [c.name if header else f"_COL_{i}" for i, c in enumerate(result.columns)]
        renamed = ", ".join(
            f"{quote(own)} as {quote(name)}" for own, name in zip(result.arrow.column_names, names, strict=True)
        )
        return f"select {renamed} from {quote(_ROWS)}", f"format parquet, compression {compression}"
    if chosen.type == "JSON":
        if len(result.columns) != 1:
            raise SqlError(
                "SQL compilation error:\nJSON file format can produce one and only one column of type variant, "
                "object, or array.",
                "002019",
                "0A000",
            )
        text = f"select {quote(result.arrow.column_names[0])}::varchar from {quote(_ROWS)}"
        return text, f"format csv, header false, quote '', escape '', delim '\x01', compression {compression}"
    null = chosen.nulls[0] if chosen.nulls else ""
    enclosed = f"quote {literal(chosen.enclosure)}, escape {literal(chosen.enclosure)}"
    forced = ", force_quote *" if chosen.enclosure else ""
    layout = f"format csv, header {str(header).lower()}, delim {literal(chosen.delimiter)}, {enclosed}{forced}"
    return f"select * from {quote(_ROWS)}", f"{layout}, nullstr {literal(null)}, compression {compression}"
