"""A pytest plugin for dbt-redshift's suite: a profile that names no `sslmode` connects without TLS.

The suite's profiles name none, and the adapter then asks for TLS with a certificate of an authority that drivers know,
which the local Redshift's is not (docs/decisions/0001-local-redshift.md). A user's profile says `sslmode: disable`; the
suite's cannot be given one. What TLS does is tried by redshift_connector's suite, which trusts the certificate.
"""

from dbt.adapters.redshift import connections

_parse = connections.RedshiftSSLConfig.parse


def _parse_without_default(mode: connections.UserSSLMode) -> connections.RedshiftSSLConfig:
    return _parse(connections.UserSSLMode.disable if mode == connections.UserSSLMode.default() else mode)


connections.RedshiftSSLConfig.parse = staticmethod(_parse_without_default)  # type: ignore[method-assign, assignment]
