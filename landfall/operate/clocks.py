"""OPERATE: whether files that have landed could land anew: where a column has instants and wall clocks, one kind could.

In: files of datasets. Out: nothing, or the refusal, before anything is taken out of landing. Tables that an earlier
release has filled may hold both (docs/schema_change.md).
"""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from ingest_lambda.arrive.routing import Format
from ingest_lambda.clock import Clock
from ingest_lambda.errors import ConfigError, FileGoneError, RejectedFileError
from ingest_lambda.judge.clocks import MEANS
from ingest_lambda.read.column_values import brings_values
from ingest_lambda.read.footer import inspect
from ingest_lambda.read.formats import kind_of
from ingest_lambda.reconcile.listing import Listed
from ingest_lambda.warehouse.clocks import read_memory, token
from ingest_lambda.warehouse.statements import fold_case
from landfall.operate import declared

if TYPE_CHECKING:
    from landfall.stack import Stack

LOOKS_AT_ONCE = 16


def require_one_kind(stack: "Stack", files: Sequence[Listed]) -> None:
    """Refuse files of which some have instants and some wall clocks in one column that does not declare its zone.

    Raises:
        ConfigError: names the column, a file of each kind, and the declaration.
    """
    parquet = [listed for listed in files if kind_of(listed.file.key) is Format.PARQUET]
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
        told = list(pool.map(partial(_clocks_of, stack), parquet))
    contracts = declared.contracts()
    for dataset in sorted({listed.dataset for listed in parquet}):
        contract = contracts.get(dataset)
        known = contract.utc_wall_clocks if contract else frozenset()
        found: dict[str, dict[Clock, str]] = defaultdict(dict)
        for listed, clocks in zip(parquet, told, strict=True):
            for column, clock in clocks.items() if listed.dataset == dataset else ():
                found[column].setdefault(clock, listed.file.key)
        memory = read_memory(stack.warehouse, dataset)
        for column, kinds in sorted(found.items()):
            kinds = {**memory.get(token(column), {}), **kinds}
            if len(kinds) > 1 and column not in known:
                files_of = " and ".join(f"{MEANS[clock]}, as in {key}" for clock, key in sorted(kinds.items()))
                raise ConfigError(
                    f"{dataset}: the timestamps of {column} are {files_of}: one of the two could not land again, so "
                    "nothing was taken out. Where the wall clocks are in UTC, declare config: {meta: {wall_clocks: "
                    f"{{{column}: UTC}}}}}} in the dataset's source YAML, landfall deploy, and do this again"
                )


def _clocks_of(stack: "Stack", listed: Listed) -> dict[str, Clock]:
    try:
        footer = inspect(stack.s3, listed.file).footer
    except (RejectedFileError, FileGoneError):
        return {}  # the load says what is wrong with it
    return {
        fold_case(column.name.strip()): column.clock
        for column in footer.columns
        if column.clock is not None and brings_values(footer, column)
    }
