"""Take out of the test processes what costs a dbt build more than half of its time and decides nothing.

Only this process: subprocesses and Lambda functions run what is installed.
"""

import copy
import functools
import gc
from collections.abc import Callable
from typing import Any

import redshift_connector
import sqlparse
from botocore import useragent
from typer import testing
from typer.main import get_command

# Young objects that are waited for before garbage is looked for among them (Python's default is 700), and how often
# that is done before older ones are looked at: a dbt run makes and drops hundreds of thousands, few of them in cycles.
_COLLECT_AFTER = (100_000, 10, 10)

sqlparse_split = sqlparse.split
get_command_once = functools.cache(get_command)


def quicken() -> None:
    """Name each connection's application, split only SQL that may hold several statements, make a command line once.

    redshift_connector inspects the whole call stack, source files included, to name a connection that gives no
    `application_name`; dbt opens one for every node. dbt-redshift has sqlparse tokenise every statement to split it.
    typer's runner makes all commands of `landfall`, with what each takes, anew for each that it runs. botocore looks at
    each character of what it calls itself, in each request.
    """
    gc.set_threshold(*_COLLECT_AFTER)
    redshift_connector.connect = functools.partial(redshift_connector.connect, application_name="landfall-tests")
    sqlparse.split = split
    useragent.sanitize_user_agent_string_component = functools.cache(useragent.sanitize_user_agent_string_component)
    testing._get_command = get_command_once  # type: ignore[attr-defined]  # their import, unlisted


@functools.cache
def quicken_dbt() -> None:
    """Do as the transform function does, and keep what each dbt command would find out anew.

    dbt inspects the whole call stack for each behavior flag, in each adapter it makes; looks for plugins among all that
    is installed; reads the profile and the project. A function of its own, as importing dbt takes seconds that only the
    tests which run it need.
    """
    from dbt.clients.yaml_helper import load_yaml_text
    from dbt.config import profile, project
    from dbt_common.behavior_flags import BehaviorFlagRendered
    from dbt_common.tests import enable_test_caching

    from transform_lambda import quick_dbt

    quick_dbt.quicken()
    enable_test_caching()
    for module in (profile, project):
        module.load_yaml_text = read_once(load_yaml_text)  # type: ignore[attr-defined]  # their import, unlisted
    BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt.adapters")  # type: ignore[method-assign]  # a patch


def read_once(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return what reads a text as another function does, and a text that it has read before no more."""
    kept = functools.cache(read)
    return lambda text: copy.deepcopy(kept(text))  # which is the caller's to change


def split(sql: str, encoding: str | None = None, strip_semicolon: bool = False) -> list[str]:
    """Answer as sqlparse does, but look inside only where a semicolon stands."""
    text = sql.strip()
    if ";" in (text if strip_semicolon else text[:-1]):
        return sqlparse_split(sql, encoding, strip_semicolon)
    return [text] if text else []
