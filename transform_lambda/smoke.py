"""MODEL: the row of a smoke test, modeled and forgotten. Out: how many rows an UPSERT has left of how many.

As the transformer, over the function's own connection: the row is read in landing, merged twice into a table in
`modeled`, and counted; then all of it is rolled back, so that nobody sees it and nothing is left, whatever happens.
"""

from __future__ import annotations

from transform_lambda.dbt_runtime import Query

# The name is that of ingest_lambda.arrive.smoke, which is not in this function's package.
LANDED, MODELED = "landing.landfall_smoke", "modeled.landfall_smoke"
MERGE = (
    f"merge into {MODELED} using {LANDED} as landed on {MODELED}.token = landed.token "  # noqa: S608 - our own names
    "when matched then update set number = landed.number "
    "when not matched then insert (token, number) values (landed.token, landed.number)"
)


def merge_twice(query: Query) -> dict[str, int]:
    """Count what has landed, and the rows of a table into which it has been merged twice: as many, if all is well."""
    query("begin")
    try:
        query(f"create table {MODELED} (token varchar(32) not null, number bigint)")
        query(MERGE)
        query(MERGE)
        return {
            name: int(query(f"select count(*) as found from {table}")[0]["found"])  # noqa: S608 - our own names
            for name, table in {"landed": LANDED, "merged": MODELED}.items()
        }
    finally:
        query("rollback")
