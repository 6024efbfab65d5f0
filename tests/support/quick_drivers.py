"""Take out of the test processes what costs a dbt build a third of its time and decides nothing.

Only this process: subprocesses and Lambda functions run what is installed.
"""

import functools

import redshift_connector
import sqlparse

sqlparse_split = sqlparse.split


def quicken() -> None:
    """Name each connection's application, and split only SQL that may hold several statements.

    redshift_connector inspects the whole call stack, source files included, to name a connection that gives no
    `application_name`; dbt opens one for every node. dbt-redshift has sqlparse tokenise every statement to split it.
    """
    redshift_connector.connect = functools.partial(redshift_connector.connect, application_name="landfall-tests")
    sqlparse.split = split


def quicken_dbt() -> None:
    """Do as the transform function does, and name the source of every behavior flag.

    dbt inspects the whole call stack for each flag, in each adapter it makes. A function of its own, as importing dbt
    takes seconds that only the tests which run it need.
    """
    from dbt_common.behavior_flags import BehaviorFlagRendered

    from transform_lambda import quick_dbt

    quick_dbt.quicken()
    BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt.adapters")  # type: ignore[method-assign]  # a patch


def split(sql: str, encoding: str | None = None, strip_semicolon: bool = False) -> list[str]:
    """Answer as sqlparse does, but look inside only where a semicolon stands."""
    text = sql.strip()
    if ";" in (text if strip_semicolon else text[:-1]):
        return sqlparse_split(sql, encoding, strip_semicolon)
    return [text] if text else []
