"""Inside a worker process: a Snowpark session on the caller's token, the handler, and its outcome."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib
import io
import json
import marshal
import os
import shutil
import sys
import tempfile
import threading
import traceback
import types
import zipimport
from multiprocessing import parent_process
from multiprocessing.connection import Connection as Pipe
from multiprocessing.reduction import recv_handle
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

import snowflake.connector
import snowflake.connector.cursor
import snowflake.snowpark.functions
import snowflake.snowpark.types
from snowflake.connector import SnowflakeConnection
from snowflake.snowpark import DataFrame, Row, Session

_ARCHIVES = (".zip", ".whl")
_STATEMENTS = "/queries/v1/query-request"


def nursery(control: Pipe, imports: list[str], handler: str, cache: str) -> None:
    """Load the imports, as Snowflake does once for many calls, and fork a process for each job that comes.

    `control` gets a job and then the handle of a pipe for its statements and its outcome, and answers with the process
    id; a process id alone asks how that process has ended.
    """
    with tempfile.TemporaryDirectory(prefix="snowflake-imports-") as folder:
        _keep_byte_code(Path(cache))
        with contextlib.suppress(BaseException):  # the call itself tells what is wrong
            _put_on_path(imports, Path(folder))
            if "." in handler:
                importlib.import_module(handler.rpartition(".")[0])
        gc.freeze()
        ended: dict[int, int] = {}
        with contextlib.suppress(EOFError):
            while True:
                job = control.recv()
                ended |= _ended()
                if isinstance(job, int):
                    control.send(ended.pop(job) if job in ended else _end_of(job))
                    continue
                pipe = Pipe(recv_handle(control))
                if (pid := os.fork()) == 0:
                    control.close()
                    _work(job, pipe, Path(folder))
                pipe.close()
                control.send(pid)


def _ended() -> dict[int, int]:
    """The workers that have failed, with how; the others are forgotten."""
    found = {}
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            found[ended[0]] = ended[1]
    return {process: status for process, status in found.items() if status}


def _end_of(worker: int) -> int:
    try:
        return os.waitpid(worker, 0)[1]
    except ChildProcessError:  # seen before, and it had not failed
        return 0


def _work(job: dict[str, Any], pipe: Pipe, folder: Path) -> NoReturn:
    try:
        serve(job, pipe, folder)
        os._exit(0)
    finally:
        os._exit(1)


def serve(job: dict[str, Any], pipe: Pipe, folder: Path) -> None:
    """Run the job and send its outcome, as the fields of `workers.Outcome`."""
    threading.Thread(target=_end_with_server, daemon=True).start()
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            answer = _call(job, pipe, folder)
    except BaseException as error:  # noqa: BLE001 - whatever the handler raises is the caller's answer
        answer = {"traceback": _traceback(error)}
    pipe.send({**answer, "output": output.getvalue()})
    pipe.close()


def _end_with_server() -> None:
    """Nobody waits for the answer when the server is gone."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _call(job: dict[str, Any], pipe: Pipe, folder: Path) -> dict[str, Any]:
    handler = _load(job, folder)
    session = _session(job, pipe)
    try:
        return _answer(handler(session, *job["arguments"]))
    finally:
        session.close()


def _keep_byte_code(cache: Path) -> None:
    """Compile each module of an archive once: zipimport would do it in every process, for seconds."""
    compile_source = zipimport._compile_source  # type: ignore[attr-defined]  # noqa: SLF001 - it has no other hook

    def cached(path: str, source: bytes) -> types.CodeType:
        name = Path(path).as_posix().partition(".zip/")[2]  # the archive's own folder is another one in each process
        file = cache / hashlib.sha256(sys.version.encode() + name.encode() + source).hexdigest()
        with contextlib.suppress(OSError, ValueError, EOFError):
            return marshal.loads(file.read_bytes()).replace(co_filename=path)  # noqa: S302 - written below
        code = compile_source(path, source)
        part = file.with_suffix(f".{os.getpid()}")
        part.write_bytes(marshal.dumps(code))
        part.replace(file)
        return code

    zipimport._compile_source = cached  # type: ignore[attr-defined]  # noqa: SLF001


def _put_on_path(imports: list[str], folder: Path) -> None:
    """Put the imports where Python finds them, as Snowflake does."""
    sys._xoptions["snowflake_import_directory"] = f"{folder}/"  # noqa: SLF001 - the documented way
    targets = [folder / Path(source).name for source in imports]
    for path in [folder, *(target for target in targets if target.suffix in _ARCHIVES)]:
        if str(path) not in sys.path:
            sys.path.insert(0, str(path))
    for source, target in zip(imports, targets, strict=True):
        if not target.exists():
            shutil.copyfile(source, target)


def _load(job: dict[str, Any], folder: Path) -> Any:
    """The handler."""
    _put_on_path(job["imports"], folder)
    if job["body"] is not None:
        module = types.ModuleType("_udf_code")
        sys.modules["_udf_code"] = module
        exec(compile(job["body"], "_udf_code.py", "exec"), module.__dict__)  # noqa: S102 - the procedure itself
        return getattr(module, job["handler"].rpartition(".")[2])
    module_name, _, function = job["handler"].rpartition(".")
    return getattr(importlib.import_module(module_name), function)


def _session(job: dict[str, Any], pipe: Pipe) -> Session:
    host, port = job["address"]
    connection = snowflake.connector.connect(
        account="local",
        user="local",
        host=host,
        port=port,
        protocol="http",
        session_token=job["token"],
        master_token=f"master-{job['token']}",
        server_session_keep_alive=True,
        session_parameters={"CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": False},
        paramstyle="qmark",
    )
    _shorten(connection, pipe)
    return Session.builder.config("connection", connection).create()  # pyright: ignore[reportArgumentType] - documented


def _shorten(connection: SnowflakeConnection, pipe: Pipe) -> None:
    """Statements go through the pipe to the thread that waits for the handler: by HTTP each costs 3 ms more.

    All else goes by HTTP, a statement of another thread at the same moment as well.
    """
    rest = connection.rest
    if rest is None:
        return
    by_http, busy = rest.request, threading.Lock()

    def request(url: str, body: dict[str, Any] | None = None, *arguments: Any, **options: Any) -> Any:
        address = urlsplit(url)
        is_statement = address.path == _STATEMENTS and body is not None and not body.get("asyncExec")
        if not is_statement or not busy.acquire(blocking=False):
            return by_http(url, body, *arguments, **options)
        try:
            pipe.send((parse_qs(address.query)["requestId"][0], body))
            return pipe.recv()
        finally:
            busy.release()

    rest.request = request


def _answer(value: Any) -> dict[str, Any]:
    if isinstance(value, DataFrame):
        *before, query = value.queries["queries"]
        return {"query": query, "preparations": before}
    if isinstance(value, Row):
        value = value.as_dict()
    return {"value": json.loads(json.dumps(value, default=str)) if isinstance(value, (dict, list, tuple)) else value}


def _traceback(error: BaseException) -> str:
    """The traceback from the handler's own first line on."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames or error.__traceback__))
