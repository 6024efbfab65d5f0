"""A pytest plugin for the suite of SQLAlchemy's dialect: psycopg2 trusts the certificate of the file SSL_CERT_FILE.

The dialect verifies the server with the certificates of AWS's authorities, which it ships; the local Redshift's is of
another. A user names another file in the URL (`sslrootcert`); the suite's URLs cannot be given one.
"""

import os
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


@event.listens_for(Engine, "do_connect")  # type: ignore[untyped-decorator, unused-ignore]
def _trust(dialect: Any, record: Any, arguments: Any, parameters: dict[str, Any]) -> None:
    if "sslrootcert" in parameters:
        parameters["sslrootcert"] = os.environ["SSL_CERT_FILE"]
