"""The database, for every context: a pool, named SQL, migrations. It knows no table."""

from cloud.db.pool import Connection, Pool, connect, open_pool, stepwise
from cloud.db.queries import Queries

__all__ = ["Connection", "Pool", "Queries", "connect", "open_pool", "stepwise"]
