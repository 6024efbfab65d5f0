"""OPERATE: whether files that have landed could land anew: where a column has instants and wall clocks, one kind could.

In: files of datasets. Out: nothing, or the refusal, before anything is taken out of landing. Tables that an earlier
release has filled may hold both (docs/schema_change.md). Of parquet the footer says it; a text is read to its end, as
landing does, where its table has timestamps at all.
"""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from ingest_lambda.clock import Clock
from ingest_lambda.errors import ConfigError, FileGoneError, RejectedFileError
from ingest_lambda.judge.clocks import MEANS
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.names import landing_names
from ingest_lambda.judge.plan import PlannedFile
from ingest_lambda.read.column_values import brings_values
from ingest_lambda.read.formats import inspect_any
from ingest_lambda.reconcile.listing import Listed
from ingest_lambda.warehouse.catalog import read_columns
from ingest_lambda.warehouse.clocks import read_memory, token
from ingest_lambda.warehouse.sqltypes import TIMESTAMP
from ingest_lambda.warehouse.statements import Column, fold_case
from landfall.operate import declared
from landfall.operate.inspecting import read_text

if TYPE_CHECKING:
    from landfall.stack import Stack

LOOKS_AT_ONCE = 16


def require_one_kind(stack: "Stack", files: Sequence[Listed]) -> None:
    """Refuse files of which some have instants and some wall clocks in one column that does not declare its zone.

    Raises:
        ConfigError: names the column, a file of each kind, and the declaration.
    """
    contracts = declared.contracts()
    for dataset in sorted({listed.dataset for listed in files}):
        contract = contracts.get(dataset, Contract())
        known = contract.utc_wall_clocks
        of_dataset = [listed for listed in files if listed.dataset == dataset]
        columns = read_columns(stack.warehouse, dataset) or ()
        if not any(column.type == TIMESTAMP for column in columns):
            continue
        with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
            told = list(pool.map(partial(_clocks_of, stack, contract, columns), of_dataset))
        found: dict[str, dict[Clock, str]] = defaultdict(dict)
        for listed, clocks in zip(of_dataset, told, strict=True):
            for column, clock in clocks:
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


def _clocks_of(
    stack: "Stack", contract: Contract, columns: Sequence[Column], listed: Listed
) -> frozenset[tuple[str, Clock]]:
    try:
        inspected = inspect_any(stack.s3, listed.file, contract.declared)
        footer = inspected.footer
        if inspected.text is not None:
            names = tuple(landing_names([column.name for column in footer.columns]))
            brought = [column for column in columns if column.name in names]
            return read_text(PlannedFile(inspected, names, ""), brought, stack).clocks
    except (RejectedFileError, FileGoneError):
        return frozenset()  # the load says what is wrong with it
    return frozenset(
        (fold_case(column.name.strip()), column.clock)
        for column in footer.columns
        if column.clock is not None and brings_values(footer, column)
    )
