"""PostgreSQL and the MQTT broker from Python packages, run below our own supervisor on one machine.

It knows processes, files and ports; it knows no table and no topic beyond the names that it is given.
"""

from cloud.embedded.accounts import Account, gateway_account
from cloud.embedded.nats import Nats, Tls
from cloud.embedded.postgres import Postgres
from cloud.embedded.process import ServiceError
from cloud.embedded.supervise import supervise

__all__ = ["Account", "Nats", "Postgres", "ServiceError", "Tls", "gateway_account", "supervise"]
