"""The published state as a whole: its version, and the configuration that it was made with."""

from __future__ import annotations

from idr.model import Config, config_from_json
from idr.schema import only_row
from idr.warehouse import Warehouse


def base(wh: Warehouse) -> tuple[int, Config | None]:
    """Version and configuration of the last publish; version 0 and None before the first."""
    row = only_row(wh, "idr_meta.base_state")
    config = config_from_json(row["config_json"]) if row["config_json"] else None
    return int(row["base_version"]), config
