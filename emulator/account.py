"""What a new account has: Snowflake's own roles, and warehouses that everybody may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.catalogue import Object
from emulator.grants import ADMIN, SYSTEM_ROLES, Grant, Grantee, Securable

if TYPE_CHECKING:
    from emulator.server import Server

DEFAULT_WAREHOUSE = "LOCAL_WH"
WAREHOUSES = ("COMPUTE_WH", DEFAULT_WAREHOUSE)
WAREHOUSE: dict[str, Any] = {
    "WAREHOUSE_TYPE": "STANDARD",
    "WAREHOUSE_SIZE": "X-Small",
    "MIN_CLUSTER_COUNT": 1,
    "MAX_CLUSTER_COUNT": 1,
    "SCALING_POLICY": "STANDARD",
    "AUTO_SUSPEND": 600,
    "AUTO_RESUME": "true",
    "RESOURCE_MONITOR": "null",
    "ENABLE_QUERY_ACCELERATION": "false",
    "QUERY_ACCELERATION_MAX_SCALE_FACTOR": 8,
    "STATE": "STARTED",
}  # as CREATE WAREHOUSE makes one that is told nothing


def prepare(server: Server) -> None:
    """Fill the catalogue of an account that is new."""
    catalogue = server.catalogue
    if catalogue.get("ROLE", ADMIN):
        return
    with catalogue.transaction():
        for role in SYSTEM_ROLES:
            catalogue.put(Object("ROLE", role))
        for name in WAREHOUSES:
            catalogue.put(Object("WAREHOUSE", name, owner=ADMIN, definition=dict(WAREHOUSE)))
            usage = Grant("USAGE", Securable("WAREHOUSE", name), Grantee("ROLE", "PUBLIC"), granted_by=ADMIN)
            server.grants.add([usage])
