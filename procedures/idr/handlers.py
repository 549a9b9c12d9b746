"""What `CALL core.idr_..` reaches: one thin function per procedure, each returns an object.

Snowflake hides the message of an exception from the consumer of an application, so a failure is returned:
`{status: FAILED, message, error: {code, stage, message}, problems: [{code, message, where, fix}]}`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from snowflake.snowpark import Session

from idr import compare as comparison
from idr import evaluate as evaluation
from idr import explain as explanation
from idr import history, overrides, suspects
from idr import run as pipeline
from idr import show as identity
from idr.config import inspect, store, yaml_file
from idr.config.diff import changes
from idr.errors import IdrError
from idr.past import show_as_of
from idr.schedule import apply as scheduling
from idr.schedule.report import report as report_run
from idr.schema import layout, restore_state
from idr.surprise import surprise
from idr.warehouse.references import bind, bound_tables
from idr.warehouse.snowpark import SnowparkWarehouse

Args = ParamSpec("Args")
Answer = dict[str, Any]


def _procedure(
    function: Callable[Concatenate[SnowparkWarehouse, Args], Answer],
) -> Callable[Concatenate[Session, Args], Answer]:
    """The handler of a procedure: opens the warehouse, refuses NULL arguments, returns failures as objects."""

    @wraps(function)
    def handler(session: Session, *args: Args.args, **kwargs: Args.kwargs) -> Answer:
        try:
            if None in args:
                where = f"idr_{function.__name__}"
                raise IdrError.of("IDR-406", "an argument is NULL", where=where, fix="Give each one")
            answer = function(SnowparkWarehouse(session, bound_tables(session)), *args, **kwargs)
        except IdrError as error:
            answer = _failed(error)
        except Exception as error:  # noqa: BLE001 - a CALL answers
            unexpected = surprise(error)
            logging.getLogger("idr").error("unexpected failure in idr_%s: %s", function.__name__, unexpected)
            answer = _failed(unexpected)
        return json.loads(json.dumps(answer, default=str))

    return handler


def _failed(error: IdrError) -> Answer:
    return {
        "status": "FAILED",
        "message": str(error),
        "error": {"code": error.code, "stage": None, "message": str(error)},
        "problems": [asdict(problem) for problem in error.problems],
    }


@_procedure
def run(wh: SnowparkWarehouse, mode: str, max_iters: int = 30, dry_run: bool = False) -> Answer:
    return pipeline.run(wh, mode, max_iters, dry_run)


@_procedure
def approve(wh: SnowparkWarehouse, run_id: str) -> Answer:
    return pipeline.approve(wh, run_id)


@_procedure
def configure(wh: SnowparkWarehouse, yaml: str) -> Answer:
    """Check the text of an `idr.yml` as a whole and put it in force."""
    config = yaml_file.load_text(yaml)
    inspect.demand(wh, config)
    restore_state(wh)
    lines = changes(store.load_if_valid(wh), config)
    if lines:
        store.apply(wh, config)
    return {"applied": bool(lines), "changes": lines}


@_procedure
def status(wh: SnowparkWarehouse) -> Answer:
    return history.status(wh) | {"schedule": scheduling.status(wh)}


@_procedure
def show(wh: SnowparkWarehouse, entity_or_resolved_id: str) -> Answer:
    return identity.show(wh, entity_or_resolved_id)


@_procedure
def show_past(wh: SnowparkWarehouse, entity_or_resolved_id: str, as_of: str) -> Answer:
    return show_as_of(wh, entity_or_resolved_id, as_of)


@_procedure
def explain(wh: SnowparkWarehouse, entity_a: str, entity_b: str) -> Answer:
    return explanation.explain(wh, entity_a, entity_b)


@_procedure
def evaluate(wh: SnowparkWarehouse, truth_table: str) -> Answer:
    return evaluation.evaluate_table(wh, truth_table)


@_procedure
def link(wh: SnowparkWarehouse, entity_a: str, entity_b: str, reason: str) -> Answer:
    return overrides.add(wh, overrides.LINK, entity_a, entity_b, reason, wh.user(), pipeline.utc_now())


@_procedure
def unlink(wh: SnowparkWarehouse, entity_a: str, entity_b: str, reason: str) -> Answer:
    return overrides.add(wh, overrides.UNLINK, entity_a, entity_b, reason, wh.user(), pipeline.utc_now())


@_procedure
def revoke(wh: SnowparkWarehouse, override_id: str) -> Answer:
    return overrides.revoke(wh, override_id, wh.user(), pipeline.utc_now())


@_procedure
def list_overrides(wh: SnowparkWarehouse) -> Answer:
    return {"overrides": overrides.listed(wh, include_revoked=True)}


@_procedure
def forget(wh: SnowparkWarehouse, entity_key: str) -> Answer:
    return pipeline.forget(wh, entity_key)


@_procedure
def list_suspects(wh: SnowparkWarehouse) -> Answer:
    return suspects.suspects(wh, limit=50, show_values=False)


@_procedure
def compare(wh: SnowparkWarehouse, run_a: str, run_b: str) -> Answer:
    return comparison.compare(wh, run_a, run_b)


@_procedure
def schedule(wh: SnowparkWarehouse, options: dict[str, Any]) -> Answer:
    return scheduling.schedule(wh, options, pipeline.utc_now())


@_procedure
def unschedule(wh: SnowparkWarehouse) -> Answer:
    return scheduling.unschedule(wh)


@_procedure
def report(wh: SnowparkWarehouse, graph_run: str, failures: str) -> Answer:
    return report_run(wh, graph_run, failures, pipeline.utc_now())


@_procedure
def cleanup(wh: SnowparkWarehouse) -> Answer:
    return pipeline.cleanup(wh)


def register_reference(session: Session, ref_name: str, operation: str, ref_or_alias: str) -> str:
    bind(session, ref_name, operation, ref_or_alias)
    return f"{operation} {ref_name}: done"


def version_init(session: Session) -> str:
    """Raises when this version cannot read tables or configuration: the upgrade then fails and the former stays."""
    wh = SnowparkWarehouse(session)
    layout(wh)
    config = store.load_if_any(wh)
    scheduled = scheduling.restore(wh, pipeline.utc_now())
    if config is None:
        return f"no configuration yet; {scheduled}"
    return f"configuration with {len(config.sources)} sources is valid; {scheduled}"
