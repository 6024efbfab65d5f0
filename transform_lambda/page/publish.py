"""ALERT: put the operator's page, and dbt's documentation beside it, where readers find them.

In: HTML. Out: two objects. The bucket encrypts them and lets nobody in by itself: `PagesPolicyArn` is the policy of
those who may read this prefix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from transform_lambda.graph import Graph
from transform_lambda.page.shown import Docs

FOLDER = "reports/pages/"
PAGE = f"{FOLDER}index.html"
DOCS_BESIDE = "dbt/index.html"  # as seen from the page
DOCS = f"{FOLDER}{DOCS_BESIDE}"
_HTML = "text/html; charset=utf-8"
# What every entity looks at, and says nothing about where rows come from.
_BOOKKEEPING = "stg_landed_files stg_model_loads stg_snapshots source:ops"


def put(s3: Any, bucket: str, html: str) -> None:
    """Replace the page."""
    s3.put_object(Bucket=bucket, Key=PAGE, Body=html.encode(), ContentType=_HTML, CacheControl="no-cache")


def keep_docs(s3: Any, bucket: str, fingerprint: str, make: Callable[[], bytes]) -> bool:
    """Replace dbt's documentation where it is of another project than `fingerprint`; tell whether it was replaced."""
    place = {"Bucket": bucket, "Key": DOCS}
    if _project_of(s3, place) == fingerprint:
        return False
    s3.put_object(**place, Body=make(), ContentType=_HTML, CacheControl="no-cache", Metadata={"project": fingerprint})
    return True


def _project_of(s3: Any, place: dict[str, str]) -> str | None:
    try:
        found: str | None = s3.head_object(**place)["Metadata"].get("project")
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise
    return found


def docs_of(graph: Graph) -> Docs:
    """Say where the documentation is, and the lineage of each mart in it: what it is made from, stage by stage."""
    marts = sorted(node.name for node in graph.nodes.values() if node.kind == "model" and ".marts." in node.selector)
    return Docs(DOCS_BESIDE, [(mart, f"{DOCS_BESIDE}{lineage(mart)}") for mart in marts])


def lineage(model: str) -> str:
    """Return the part of an address that lets dbt's documentation open at what a model is made from.

    >>> lineage("fct_orders")[:41]
    '#!/overview?g_v=1&g_i=%2Bfct_orders&g_e=s'
    """
    return f"#!/overview?g_v=1&g_i={quote('+' + model)}&g_e={quote(_BOOKKEEPING)}"
