"""OPERATE, doctor: the checks of what the warehouse holds. In: a stack. Out: findings.

What must be there is read where the bootstrap makes it, so that the two cannot differ.
"""

import io
import json
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3

from ingest_lambda.bucket import objects
from ingest_lambda.errors import ConfigError, StagedDataError, TransientError
from ingest_lambda.warehouse import ddl
from landfall.deploy import bootstrap, cluster_secrets
from landfall.doctor.findings import Finding, Status, judged, ok, status_of
from landfall.operate import declared, exports, unloading
from landfall.operate.statements import catalog

if TYPE_CHECKING:
    from landfall.stack import Stack

USERS = {
    "LoaderSecretArn": bootstrap.LOADER,
    "TransformerSecretArn": bootstrap.TRANSFORMER,
    "ReaderSecretArn": bootstrap.READER,
}
BOOTSTRAP = "prepare the warehouse again: landfall deploy --prepare"
MISSING_NAMED = 3


def users_log_in(stack: "Stack") -> Iterator[Finding]:
    """Does each secret log in, as the user that it is for?"""
    for output, user in USERS.items():
        try:
            (row,) = stack.warehouse_as(output).query("select current_user as name")
        except (ConfigError, TransientError) as error:
            remedy = "has the secret been rotated? A deployment sets the passwords: landfall deploy --prepare"
            yield Finding(f"login {user}", status_of(error), str(error), remedy)
        else:
            yield judged(f"login {user}", row["name"] == user, f"logs in as {row['name']}", BOOTSTRAP)


def secrets_name_the_cluster(stack: "Stack") -> Iterator[Finding]:
    """Does each secret name the cluster, as the Data API asks? A workgroup's need not."""
    cluster = stack.outputs.get("ClusterIdentifier")
    if not cluster:
        return
    client = boto3.client("secretsmanager")
    for output, user in USERS.items():
        value = json.loads(client.get_secret_value(SecretId=stack.output(output))["SecretString"])
        named = value.get(cluster_secrets.CLUSTER_KEY)
        detail = f"its secret names {f'cluster {named}' if named else 'no cluster'}"
        remedy = (
            f"{cluster_secrets.CLUSTER_KEY} in it must be {cluster}: landfall deploy puts it in, the password stays"
        )
        yield judged(f"cluster of {user}", cluster_secrets.names(value, cluster), detail, remedy)


def schemas_are_owned(stack: "Stack") -> Iterator[Finding]:
    """Is every schema there, and its owner's?"""
    owners = {row["name"]: row["owner"] for row in stack.warehouse.query(catalog.select_schema_owners())}
    for schema, owner in bootstrap.SCHEMA_OWNERS.items():
        if owners.get(schema) != owner:
            detail = f"{schema} is owned by {owners.get(schema) or 'nobody: it does not exist'}, not by {owner}"
            yield Finding("schema", Status.FAILED, detail, BOOTSTRAP)
    if all(owners.get(schema) == owner for schema, owner in bootstrap.SCHEMA_OWNERS.items()):
        yield ok("schemas", f"{len(bootstrap.SCHEMA_OWNERS)} schemas, each its owner's")


def bookkeeping_is_there(stack: "Stack") -> Iterator[Finding]:
    """Are the bookkeeping tables there?"""
    found = {row["name"] for row in stack.warehouse.query(catalog.select_tables("ops"))}
    absent = sorted(set(bootstrap.OPS_TABLES) - found)
    detail = f"not there: {', '.join(absent)}" if absent else f"{len(bootstrap.OPS_TABLES)} tables in ops"
    yield judged("bookkeeping", not absent, detail, BOOTSTRAP)


def rights_are_granted(stack: "Stack") -> Iterator[Finding]:
    """May the transformer read what landed, and the reader what was modeled? Each is asked as itself."""
    granted = (
        ("TransformerSecretArn", "select", bootstrap.READ_BY_TRANSFORMER, None),
        ("TransformerSecretArn", "insert", ("ops",), bootstrap.WRITTEN_BY_TRANSFORMER),
        ("ReaderSecretArn", "select", bootstrap.READ_BY_READER, None),
    )
    for output, right, schemas, tables in granted:
        sql = catalog.select_tables_without_right(right, schemas, tables)
        rows = stack.warehouse_as(output).query(sql)
        names = [f"{row['schema_name']}.{row['name']}" for row in rows]
        named = ", ".join(names[:MISSING_NAMED]) + (" ..." if len(names) > MISSING_NAMED else "")
        what = f"{USERS[output]} may {right} in {', '.join(schemas)}"
        yield judged("rights", not names, f"{what}, but not {named}" if names else what, BOOTSTRAP)


def rows_have_their_positions(stack: "Stack") -> Iterator[Finding]:
    """Did every file of a feed of changes land with the positions of its rows, which tell the later of two changes?"""
    from landfall.operate.replays import files_without_positions

    files = Counter(listed.dataset for listed in files_without_positions(stack))
    for dataset, count in sorted(files.items()):
        detail = f"{count} files of {dataset} landed before it declared changes: of rows of equal time a hash decides"
        yield Finding("positions", Status.WARNING, detail, f"landfall replay --without-positions --dataset {dataset}")
    if not files:
        yield ok("positions", "every row of a feed of changes landed with its position in its file")


def columns_may_change(stack: "Stack") -> Iterator[Finding]:
    """Is no column of a landing table a key, which cannot be dropped, and so take no wider type?"""
    keys = stack.warehouse.query(ddl.select_keys())
    for row in keys:
        name, key = str(row["dataset"]), "distkey" if row["is_distkey"] else "sortkey"
        detail = f"{row['column_name']} is the {key} of landing.{name}: no load can give it a wider type"
        remedy = f"let its owner, {bootstrap.LOADER}, or the administrator run: {ddl.free_key(name, key)}"
        yield Finding("keys", Status.WARNING, detail, remedy)
    if not keys:
        yield ok("keys", "each column of landing may take a wider type")


def snapshots_are_whole(stack: "Stack") -> Iterator[Finding]:
    """Does no snapshot wait for a file, or for its end?"""
    from ingest_lambda.reconcile.snapshots import waiting

    found = waiting(stack.warehouse, declared.contracts())
    for each in found:
        yield Finding("snapshots", Status.WARNING, each.describe(), each.remedy)
    if not found:
        yield ok("snapshots", "no snapshot waits for a file, or for its end")


def no_row_is_missing(stack: "Stack") -> Iterator[Finding]:
    """Were rows removed from landing, so that nothing can be built from its first row, and can S3 give them back?"""
    from landfall.operate import gaps

    found = gaps.gaps(stack.warehouse)
    for gap in found.values():
        refused = "an undo of modeled rows and a full refresh are refused"
        yield Finding("removed rows", Status.WARNING, f"landing lacks {gap.describe()}: {refused}", gap.remedy)
    if not found:
        yield ok("removed rows", "no row was removed from landing")
    yield from _kept_shorter(stack)
    missing = gaps.look_for(stack, list(found), most=gaps.LOOKED_FOR)
    lost = [each for files, _ in missing.lost for each in files]
    for name in sorted({each.dataset for each in (*lost, *missing.offline)}):
        gone, offline = (sum(each.dataset == name for each in files) for files in (lost, missing.offline))
        detail = (
            f"of the files of {name} whose rows were removed, no backfill brings {gone} back; {offline} are archived"
        )
        remedy = f"restore what is archived; landfall housekeeping --give-up --dataset {name} gives up the others"
        yield Finding("removed rows", Status.WARNING, detail, remedy)


def old_rows_leave(stack: "Stack") -> Iterator[Finding]:
    """Do rows leave landing that are older than their datasets keep them, and if not, why not?"""
    from ingest_lambda.reconcile.retention import SLACK_DAYS
    from landfall.operate import gaps

    # Two nights after the one that should have taken them.
    stayed = gaps.keep_house(stack, None, dry_run=True, slack_days=SLACK_DAYS + 2)
    untaken = "no night has removed them, and the log of the reconcile function says why"
    why = {each.dataset: each.reason or untaken for each in stayed if each.reason or each.outcome == "would_remove"}
    for each in stayed:
        if each.dataset in why:
            detail = f"rows of {each.dataset} stay that are older than its {each.days} days: {why[each.dataset]}"
            yield Finding("old rows", Status.WARNING, detail, "docs/runbook.md#removed-rows")
    if not why:
        yield ok("old rows", "no row stays in landing that should have left it")


def _kept_shorter(stack: "Stack") -> Iterator[Finding]:
    """Does S3 delete the files, or archive them, that alone could bring back rows which leave landing?"""
    names = ", ".join(sorted(name for name, each in declared.contracts().items() if each.retention_days is not None))
    if not names:
        return
    (described,) = boto3.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    said = {each["ParameterKey"]: each.get("ParameterValue", "") for each in described.get("Parameters", [])}
    deleted, archived = (said.get(name, "0") for name in ("DeleteAfterDays", "DeepArchiveAfterDays"))
    if deleted != "0":
        detail = f"S3 deletes modeled files after {deleted} days: removed rows of {names} are then lost"
        remedy = "deploy with DeleteAfterDays=0, or leave retention_days out of the sources"
        yield Finding("removed rows", Status.WARNING, detail, remedy)
    if archived != "0":
        detail = f"S3 archives modeled files after {archived} days: removed rows of {names} come back slowly"
        remedy = "restore the files before a backfill: docs/runbook.md#removed-rows"
        yield Finding("removed rows", Status.WARNING, detail, remedy)


def copy_reads_the_bucket(stack: "Stack") -> Iterator[Finding]:
    """May COPY read the bucket with the role? Tried with a probe of one row, since that is what loads depend on."""
    key = f"staging/doctor-{uuid.uuid4().hex}.parquet"
    stored = objects.put(stack.s3, stack.bucket, key, _probe(), "application/vnd.apache.parquet")
    try:
        stack.warehouse.transaction(catalog.copy_probe(f"s3://{stack.bucket}/{key}", stack.output("CopyRoleArn")))
        yield ok("COPY", "reads the bucket with the role")
    except (ConfigError, TransientError, StagedDataError) as error:
        remedy = "attach the role CopyRoleArn to the namespace or the cluster: docs/deploy.md, step 3"
        yield Finding("COPY", status_of(error), str(error), remedy)
    finally:
        objects.delete(stack.s3, stack.bucket, [stored])


def unload_writes_exports(stack: "Stack") -> Iterator[Finding]:
    """May UNLOAD write exports with its role? Tried with one row of a table that is there; landing does not need it."""
    folder = f"{exports.EXPORTS}/_doctor/{uuid.uuid4().hex}/"
    place, role = f"s3://{stack.bucket}/{folder}", stack.output("ExportRoleArn")
    query, key = "select count(*) as probe from ops.runs", stack.outputs.get("KmsKeyArn")
    try:
        stack.warehouse.execute(unloading.unload_statement(query, place, role, kms_key_arn=key))
        yield ok("UNLOAD", "writes exports with its role")
    except (ConfigError, TransientError) as error:
        remedy = "attach the role ExportRoleArn to the namespace or the cluster: docs/deploy.md, step 3"
        yield Finding("UNLOAD", Status.WARNING, f"nothing can be exported: {error}", remedy)
    finally:
        exports.remove(stack.s3, stack.bucket, folder)


def _probe() -> bytes:
    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
    from pyarrow import parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table({"probe": pa.array([1], pa.int32())}), sink)
    return sink.getvalue()
