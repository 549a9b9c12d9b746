"""System procedures that clients call and that are about the server, not the session."""

from __future__ import annotations

import json

from emulator.result import Result, table
from emulator.statement import Request, statement

# what `snow` asks before it works with an application
_CLIENT_PARAMETERS = {
    "FEATURE_RELEASE_CHANNELS": False,
    "UI_SNOWSIGHT_ENABLE_REGIONLESS_REDIRECT": True,
    "UI_EVENT_SHARING_NATIVE_APP": False,
}


@statement("CALL SYSTEM$BOOTSTRAP_DATA_REQUEST")
def bootstrap_data(_: Request) -> Result:
    parameters = [{"name": name, "value": value} for name, value in _CLIENT_PARAMETERS.items()]
    return table("SYSTEM$BOOTSTRAP_DATA_REQUEST", [(json.dumps({"clientParamsInfo": parameters}),)])
