from __future__ import annotations

import pytest
from snowflake.snowpark.exceptions import SnowparkSQLException

from idr.errors import IdrError
from idr.warehouse.snowpark import _FOREIGN_TRANSACTION, _telling


def test_a_transaction_of_the_caller_is_idr_505() -> None:
    with pytest.raises(IdrError, match="COMMIT or ROLLBACK") as caught, _telling("commit"):
        raise SnowparkSQLException(f"Modifying a transaction is refused: {_FOREIGN_TRANSACTION}")
    assert caught.value.code == "IDR-505"
