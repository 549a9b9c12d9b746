"""`python -m emulator start | stop | status`."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from emulator.datadir import HOST, DataDirectory, DataError
from emulator.settings import Settings

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the exit code is 1 when it could not be done, with one sentence that says why."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except DataError as error:
        print(f"local Snowflake: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m emulator", description="A local Snowflake on 127.0.0.1.")
    commands = parser.add_subparsers(required=True)
    for name, run, text in (
        ("start", start, "start a server and return when it answers"),
        ("stop", stop, "stop the server of a data directory"),
        ("status", status, "say whether a server runs"),
    ):
        command = commands.add_parser(name, help=text)
        command.set_defaults(run=run)
        command.add_argument("--data", type=Path, required=True, help="the folder that keeps everything")
        if name == "start":
            command.add_argument("--port", type=int, default=8085)
            command.add_argument("--foreground", action="store_true", help="serve in this process")
            command.add_argument(
                "--virtual-clock",
                type=_instant,
                metavar="TIME",
                help="start the clock of tasks here; it stands still until CALL SYSTEM$LOCAL_ADVANCE_CLOCK(seconds)",
            )
            command.add_argument(
                "--answer-within", type=float, default=Settings().answer_within, help=argparse.SUPPRESS
            )
    return parser


def _instant(text: str) -> datetime:
    """A time in ISO 8601; UTC unless it names an offset."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def start(options: argparse.Namespace) -> int:
    _check_port(options.port)
    if options.foreground:
        return _serve(options)
    data = DataDirectory(options.data)
    data.open()  # the sentences about an unusable folder come from here, not from the log
    data.release()
    command = [sys.executable, "-m", "emulator", "start", "--foreground", "--port", str(options.port)]
    command += ["--data", str(data.path), "--answer-within", str(options.answer_within)]
    if options.virtual_clock:
        command += ["--virtual-clock", options.virtual_clock.isoformat()]
    with data.log_file.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DataError(f"The server ended at once. Its last words are in {data.log_file}.")
        if _answers(options.port):
            print(f"The local Snowflake listens on {HOST}:{options.port}.")
            print(f"Connect with: snow --config-file {data.connection_file}")
            return 0
        time.sleep(0.05)
    process.terminate()
    raise DataError(f"The server did not answer within {_START_SECONDS:g} seconds. See {data.log_file}.")


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise DataError(
                f"Port {port} of {HOST} cannot be used: {error.strerror}. Choose another one with --port."
            ) from None


def _serve(options: argparse.Namespace) -> int:
    import uvicorn

    from emulator.server import Server
    from emulator.wire.app import build

    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of every property that DuckDB does not have
    logging.getLogger("emulator").setLevel(os.environ.get("EMULATOR_LOG", "INFO"))
    data = DataDirectory(options.data)
    data.open()
    settings = Settings(answer_within=options.answer_within, virtual_start=options.virtual_clock)
    server = Server(data.path, (HOST, options.port), settings)
    server.workers.warm_up()
    data.announce(options.port)
    server.tasks.start()
    gc.freeze()  # what is loaded now stays: no collection has to look at it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # uvicorn sends it again when it has shut down
    code = 0
    try:
        uvicorn.run(build(server), host=HOST, port=options.port, log_level="warning", timeout_graceful_shutdown=3)
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        server.close()
        data.withdraw()
    os._exit(code)  # nobody waits for statements that still run


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/local/health", timeout=2) as reply:
            return reply.status == 200
    except OSError:
        return False


def stop(options: argparse.Namespace) -> int:
    data = DataDirectory(options.data)
    state = data.state()
    if state is None or not data.is_locked():
        print(f"No local Snowflake runs on {data.path}.")
        return 0
    os.kill(state["pid"], signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while data.is_locked():
        if time.monotonic() > deadline:
            raise DataError(
                f"Process {state['pid']} did not end within {_STOP_SECONDS:g} seconds. See {data.log_file}."
            )
        time.sleep(0.05)
    print("Stopped.")
    return 0


def status(options: argparse.Namespace) -> int:
    data = DataDirectory(options.data)
    state = data.state()
    if state is None or not data.is_locked():
        print(f"No local Snowflake runs on {data.path}.")
        return 1
    print(f"The local Snowflake listens on {HOST}:{state['port']} (process {state['pid']}), data in {data.path}.")
    return 0
