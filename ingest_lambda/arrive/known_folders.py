"""LAND, arrive: folders below a dataset that may be another table's.

In: a dataset whose file stands in such a folder, and the warehouse. Out: whether its ledger holds files of such folders
already; then it goes on as before, for nothing may be refused because rules became stricter. Else the refusal. The
warehouse is asked only when such a file comes, once a dataset while the function is warm.
"""

from __future__ import annotations

import json

from ingest_lambda.arrive import folders
from ingest_lambda.arrive.routing import Route, Rules, route
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import ledger
from ingest_lambda.warehouse.client import Connection

PARTS = f"{folders.HIVE_PATTERN}|{folders.DATE_PATTERN}|{folders.NEUTRAL_PATTERN}"

Folders = tuple[str, ...]


class KnownFolders:
    """Remembers, by dataset, the doubtful folders that its ledger holds files of."""

    def __init__(self, warehouse: Connection, rules: Rules) -> None:
        self._warehouse = warehouse
        self._rules = rules
        self._known: dict[str, Folders] = {}

    def of(self, dataset: str) -> Folders:
        """Return the doubtful folders that files of the dataset have landed from; none where there are none.

        Raises:
            TransientError, ConfigError: the warehouse does not answer, or denies access.
        """
        if dataset not in self._known:
            self._known[dataset] = read_folders(self._warehouse, dataset, self._rules)
        return self._known[dataset]

    def has_ended(self, dataset: str, folder: str) -> bool:
        """Tell whether snapshots of the dataset have ended in a folder before, which no rule was against then.

        Raises:
            TransientError, ConfigError: the warehouse does not answer, or denies access.
        """
        return has_ended(self._warehouse, dataset, folder)


def read_folders(warehouse: Connection, dataset: str, rules: Rules) -> Folders:
    """Ask the ledger of a dataset for the doubtful folders that its files have landed from."""
    if not warehouse.query(ledger.select_ledger(dataset)):
        return ()
    own = [prefix for prefix, owner in rules.prefixes.items() if owner == dataset]
    rows = warehouse.query(ledger.select_folders(dataset, PARTS, own))
    return doubtful(dataset, [str(row["folder"]) for row in rows], rules)


def has_ended(warehouse: Connection, dataset: str, folder: str) -> bool:
    """Ask the ledger of a dataset whether a snapshot has ended in a folder."""
    has_ledger = bool(warehouse.query(ledger.select_ledger(dataset)))
    return has_ledger and bool(warehouse.query(ledger.select_ends_below(dataset, folder)))


def doubtful(dataset: str, found: list[str], rules: Rules) -> Folders:
    """Pick those of the folders of a dataset's files that may be another table's.

    >>> doubtful("shop", ["raw/shop/", "raw/shop/orders/", "raw/shop/orders/eu/", "raw/items/x/"], Rules())
    ('raw/shop/orders/',)
    """
    routes = [route(f"{folder}any.parquet", rules) for folder in found]
    ours = [routed.folder for routed in routes if isinstance(routed, Route) and routed.dataset == dataset]
    return tuple(sorted({folder for folder in ours if folder is not None}))


def refusal(dataset: str, folder: str) -> RejectedFileError:
    """Word the rejection of a file in a folder that may be another table's.

    >>> refusal("shop", "raw/shop/orders/").detail
    'raw/shop/orders/ is neither a hive part nor a date: it may be another table than shop'
    """
    quoted = json.dumps(folder, ensure_ascii=False)  # JSON's quotes are YAML's as well
    remedy = (
        f"if it is another table, declare prefixes: [{quoted}] under config.meta of that table in the source YAML; "
        f"if it is {dataset}, declare folders: any under config.meta of {dataset}; then landfall deploy, and "
        f"landfall replay --rejected --reason {Reason.AMBIGUOUS_FOLDER}"
    )
    return RejectedFileError(
        Reason.AMBIGUOUS_FOLDER,
        f"{folder} is neither a hive part nor a date: it may be another table than {dataset}",
        found=folder,
        expected=f"hive parts (region=EU/) and dates (2026/11/28/) below {dataset}",
        remedy=remedy,
    )
