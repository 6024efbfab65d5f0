"""MODEL: keep dbt's parse of the project in S3, so that it is parsed once, as a step of its deployment.

In: a bucket, and the fingerprint of project and warehouse, which together decide what a parse comes to. Out: dbt's own
`partial_parse.msgpack`, where dbt looks for it. dbt judges for itself whether a parse fits its version, project and
profile (https://docs.getdbt.com/reference/parsing#partial-parsing); one that does not costs a parse and is replaced.
Losing the object costs one parse too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from transform_lambda.graph import Graph, Node, from_json, to_json

FOLDER = "reports/transform/state/parse/"
# Of the graph: what an earlier release has kept of a project lacks what this one asks for.
_FORM = hashlib.sha256(" ".join(field.name for field in (*fields(Node), *fields(Graph))).encode()).hexdigest()[:8]


@contextmanager
def parse_kept(s3: Any, bucket: str, fingerprint: str, path: Path) -> Iterator[None]:
    """Give dbt the parse of an earlier run, unless this process has one, and keep the one that dbt makes meanwhile."""
    place = {"Bucket": bucket, "Key": f"{FOLDER}{fingerprint}.msgpack"}
    if not path.exists():
        _fetch(s3, place, path)
    before = _version(path)
    yield
    after = _version(path)
    if after not in (None, before):
        s3.put_object(**place, Body=path.read_bytes(), ContentType="application/msgpack")


def graph_kept(s3: Any, bucket: str, fingerprint: str, make: Callable[[], Graph]) -> Graph:
    """Return the project's graph as an earlier run has kept it, and keep it: what needs no dbt need not parse."""
    if kept := graph_of_version(s3, bucket, fingerprint):
        return kept
    graph = make()
    s3.put_object(
        **_graph_place(bucket, fingerprint), Body=json.dumps(to_json(graph)).encode(), ContentType="application/json"
    )
    return graph


def graph_of_version(s3: Any, bucket: str, fingerprint: str) -> Graph | None:
    """Return the graph of a version of the project; None where none is kept."""
    try:
        return from_json(json.loads(s3.get_object(**_graph_place(bucket, fingerprint))["Body"].read()))
    except s3.exceptions.NoSuchKey:
        return None


def _graph_place(bucket: str, fingerprint: str) -> dict[str, str]:
    return {"Bucket": bucket, "Key": f"{FOLDER}{fingerprint}.graph-{_FORM}.json"}


def _fetch(s3: Any, place: dict[str, str], path: Path) -> None:
    try:
        content: bytes = s3.get_object(**place)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _version(path: Path) -> int | None:
    """Tell one writing of the file from another; dbt writes it only when it has parsed something."""
    return path.stat().st_mtime_ns if path.exists() else None
