"""The data directory: its format, its lock, and the file that tells clients how to connect."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO, Any

FORMAT = 1
HOST = "127.0.0.1"
_NOT_DATA = {"lock", "server.log"}

_CONNECTION = """\
# Written by the local Snowflake. Use it with: snow --config-file {file} ...
default_connection_name = "local"

[cli]
ignore_new_version_warning = true

[cli.logs]
save_logs = false

[connections.local]
account = "local"
user = "local"
password = "local"
host = "{host}"
port = {port}
protocol = "http"
role = "ACCOUNTADMIN"
warehouse = "LOCAL_WH"
"""


class DataError(Exception):
    """The data directory cannot be used; the message says why and what to do."""


class DataDirectory:
    """A folder with everything that a local Snowflake keeps."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

    @property
    def connection_file(self) -> Path:
        return self.path / "config.toml"

    @property
    def log_file(self) -> Path:
        return self.path / "server.log"

    @property
    def _state_file(self) -> Path:
        return self.path / "server.json"

    def open(self) -> None:
        """Create the folder if need be, check its format and lock it until the process ends.

        Raises DataError when another server holds it, or when it is not one that this version can read.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"The data directory {self.path} cannot be created: {error.strerror}.") from None
        self._take_lock()
        marker = self.path / "format"
        if marker.exists():
            self._check_format(marker.read_text(encoding="ascii").strip())
        elif any(entry.name not in _NOT_DATA for entry in self.path.iterdir()):
            raise DataError(
                f"{self.path} is not empty and not a data directory of the local Snowflake. "
                "Choose another folder with --data."
            )
        else:
            marker.write_text(f"{FORMAT}\n", encoding="ascii")

    def _check_format(self, found: str) -> None:
        if found == str(FORMAT):
            return
        age = "a newer" if found.isdigit() and int(found) > FORMAT else "an older"
        raise DataError(
            f"The data directory {self.path} has format {found}, from {age} version; "
            f"this version reads format {FORMAT}. Start with an empty folder: --data OTHER_FOLDER."
        )

    def _take_lock(self) -> None:
        self._lock = (self.path / "lock").open("w", encoding="ascii")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            state = self.state()
            who = f" on port {state['port']} (process {state['pid']})" if state else ""
            raise DataError(
                f"The data directory {self.path} is in use by another local Snowflake{who}. "
                "Stop it, or choose another folder with --data."
            ) from None

    def release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def is_locked(self) -> bool:
        """Whether a server holds the directory."""
        lock = self.path / "lock"
        if not lock.exists():
            return False
        with lock.open("a", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

    def announce(self, port: int) -> None:
        """Write the connection file, readable by its owner only, and who serves where."""
        text = _CONNECTION.format(file=self.connection_file, host=HOST, port=port)
        _write_private(self.connection_file, text)
        _write_private(self._state_file, json.dumps({"pid": os.getpid(), "port": port}))

    def state(self) -> dict[str, Any] | None:
        """`pid` and `port` of the last server, if it left them."""
        try:
            return json.loads(self._state_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def withdraw(self) -> None:
        self._state_file.unlink(missing_ok=True)


def _write_private(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        os.fchmod(stream.fileno(), 0o600)
        stream.write(text)
