"""The published state as a whole: its version, and the configuration that it was made with."""

from __future__ import annotations

from idr.errors import IdrError
from idr.model import Config, config_from_json
from idr.schema import only_row
from idr.warehouse import Warehouse

_STATE = "idr_meta.base_state"


def base(wh: Warehouse) -> tuple[int, Config | None]:
    """Version and configuration of the last publish; version 0 and None before the first.

    IDR-115 when somebody wrote into the table what is no configuration.
    """
    row = only_row(wh, _STATE)
    try:
        config = config_from_json(row["config_json"]) if row["config_json"] else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fix = "Set config_json to NULL: the next run then computes in full"
        raise IdrError.of("IDR-115", "config_json is no configuration", where=_STATE, fix=fix) from error
    return int(row["base_version"]), config
