"""LAND: whether two objects are one, of which a bucket without versions tells no more than an id.

There all objects that have had a key have the version "null", and so one file id; ETags alone tell them apart. In: file
versions, verdicts, aliases of rows. Out: the one rule, in Python and in SQL; where it may be that an ETag is not known
(a verdict of an earlier release), it counts as that of any. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from ingest_lambda.file_version import UNVERSIONED, FileVersion
from ingest_lambda.reasons import ETAG, Reason


def unversioned_etags(files: Iterable[FileVersion]) -> dict[str, str]:
    """Give the ETags of those objects that have no version, by file id: it is all that tells those of one key apart.

    >>> files = [FileVersion("b", "raw/a", UNVERSIONED, "e1"), FileVersion("b", "raw/a", "v1", "e2")]
    >>> list(unversioned_etags(files).values())
    ['e1']
    """
    return {file.file_id: file.etag for file in files if file.version_id == UNVERSIONED and file.etag}


def is_same_etag(one: str | None, other: str | None) -> bool:
    """Tell whether two ETags may be of one object: equal, or one of them is not known.

    >>> is_same_etag("e1", "e1"), is_same_etag("e1", None), is_same_etag("e1", "e2")
    (True, True, False)
    """
    return not one or not other or one == other


def etag_of_verdict(verdict: str) -> str | None:
    """Read from a verdict, as JSON, the ETag of the object without a version that it is of; None where it says none.

    That of an overwritten object is in what was found: the event may have been the one of the object before it.

    >>> etag_of_verdict('{"reason": "overwritten", "found": "ETag e2", "etag": "e1"}')
    'e2'
    """
    said = json.loads(verdict)
    if said.get("reason") == Reason.OVERWRITTEN:
        return str(said["found"]).removeprefix(ETAG)
    return said.get("etag") or None


def etag_of_rejected(alias: str) -> str:
    """Ask a row of ops.rejected_files for what `etag_of_verdict` reads; NULL where it says none, or has a version."""
    said = f"json_extract_path_text({alias}.verdict, 'found')"
    found = f"substring({said}, {len(ETAG) + 1})"
    own = f"nullif(json_extract_path_text({alias}.verdict, 'etag'), '')"
    return (
        f"case when {alias}.version_id <> '{UNVERSIONED}' then null "
        f"when {alias}.reason = '{Reason.OVERWRITTEN.value}' then {found} else {own} end"
    )


def is_same_object(one: str, other: str) -> str:
    """Ask of two rows of one file id, of a ledger or staged for it, by their aliases, whether they are of one object.

    >>> is_same_object("loaded", "files")
    "(files.version_id <> 'null' or loaded.etag = files.etag)"
    """
    return f"({other}.version_id <> '{UNVERSIONED}' or {one}.etag = {other}.etag)"


def is_of_object(rejected: str, etag: str) -> str:
    """Ask whether a row of ops.rejected_files is of the object with an ETag, an expression; both are of one file id."""
    return f"coalesce({etag_of_rejected(rejected)}, {etag}) = {etag}"


def is_same_rejected(one: str, other: str) -> str:
    """Ask of two rejections of one file id whether they are of one object."""
    first, second = etag_of_rejected(one), etag_of_rejected(other)
    return f"coalesce({first}, {second}, '') = coalesce({second}, {first}, '')"


def objects_of(rejected: str) -> str:
    """Count the objects that rejections of one file id are of, in a SELECT that is grouped by it: at least one."""
    etags = f"count(distinct {etag_of_rejected(rejected)})"
    return f"case when {etags} > 1 then {etags} else 1 end"
