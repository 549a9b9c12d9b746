"""A local Snowflake that dies, or whose worker does, right after a statement that a procedure sends.

`python -m tests.reliability.mortal_server PORT FOLDER`: each line on the standard input starts a server on this data
directory; another one stands by with everything loaded. In the folder
- `fate.json` says what happens in the calls to come: `{"server dies": 7}` or `{"worker dies": 7}`, after statement 7
  (they count from 0), or `{"lease passes": 0}`, before that statement, or `{"rows expire": 0}`;
- `statements.jsonl` has the statements of the last call that came to their end, in this order.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb

FATE, STATEMENTS = "fate.json", "statements.jsonl"
_BEFORE = {
    "lease passes": ("update idr_meta.run_lock set expires_at = '2000-01-01' where holder is not null",),
    "rows expire": (
        "update idr_out.plan set created_at = '2000-01-01'",
        "update idr_out.dry_run_summary set created_at = '2000-01-01'",
        "update idr_out.stage_metrics set recorded_at = '2000-01-01'",
        "update idr_out.metrics_export set recorded_at = '2000-01-01'",
        "update idr_out.run_history set started_at = '2000-01-01' where is_dry_run",
    ),
}


def _watch(folder: Path) -> None:
    """Look at every statement of a frame that a worker works for, those within a block as well."""
    from emulator.server import Server

    execute = Server.execute
    numbers: Counter[str] = Counter()

    def watched(server: Server, session: Any, text: str, *rest: Any, **options: Any) -> Any:
        with server.workers._lock:
            call = next((call for call in server.workers._running if call.frame is session), None)
        if call is None:
            return execute(server, session, text, *rest, **options)
        fate = json.loads((folder / FATE).read_text()) if (folder / FATE).exists() else {}
        if fate and not numbers[session.token]:
            with suppress(duckdb.Error):  # somebody is at work
                session.connection._duck.execute("checkpoint idr")  # the next one to open the file reads less
        for name, texts in _BEFORE.items():
            for text_before in texts if fate.get(name) == numbers[session.token] else ():
                execute(server, session, text_before)
        try:
            return execute(server, session, text, *rest, **options)
        finally:
            number = numbers[session.token]
            numbers[session.token] += 1
            with (folder / STATEMENTS).open("a" if number else "w", encoding="utf-8") as file:
                file.write(f"{json.dumps(text)}\n")
            if fate.get("worker dies") == number:
                os.kill(call.process, signal.SIGKILL)
            if fate.get("server dies") == number:
                os.kill(os.getpid(), signal.SIGKILL)

    Server.execute = watched


def _stand_by(take: int, port: str, folder: str) -> None:
    """Load Snowpark for the workers, wait for a line and serve; `take` tells that it came, or that none will."""
    from emulator import command

    context = get_context("forkserver")
    context.set_forkserver_preload(["emulator.worker"])
    process = context.Process(target=int)
    process.start()
    process.join()
    line = os.read(sys.stdin.fileno(), 1)
    os.write(take, line or b"-")
    if line:
        command.main(["start", "--foreground", "--port", port, "--data", folder])


def main(port: str, folder: str) -> None:
    import uvicorn  # noqa: F401 - loaded before the first server is forked

    import emulator.wire.app  # noqa: F401 - as above

    _watch(Path(folder))
    taken, take = os.pipe()
    while True:
        if os.fork() == 0:
            try:
                _stand_by(take, port, folder)
            finally:
                os._exit(0)
        if os.read(taken, 1) == b"-":
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
