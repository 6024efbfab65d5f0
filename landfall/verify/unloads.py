"""OPERATE: probes of UNLOAD to parquet: where its files stand, what its manifest says, of which types they are."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

from pyarrow import parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from landfall.verify.probe import REFUSALS, Answer, Probe, refuses
from landfall.verify.scene import Scene

_PAGE = "dg/r_UNLOAD.html"
_TABLE = (
    "create table {schema}.t_unload (id bigint, total decimal(18,2), born_on date, seen_at timestamp, name varchar(9))"
)
_ROWS = (
    "insert into {schema}.t_unload values (1, 1.50, '2025-11-13', '2025-11-13 12:00:00.123456', 'a'), "
    "(2, null, null, null, null)"
)
_UNLOAD = (
    "unload ('select {columns} from {{schema}}.t_unload{where}') to '{{exports}}{name}/' iam_role '{{export_role}}' "
    "format as parquet {options}manifest verbose"
)


def _unloaded(name: str, look: Callable[[Scene, str], str], expected: str, **how: str) -> Callable[[Scene], Answer]:
    """Unload a table of two rows into a folder of the scene, and look at what stands there."""
    statement = _UNLOAD.format(name=name, **{"columns": "*", "where": "", "options": "", **how})

    def ask(scene: Scene) -> Answer:
        try:
            scene.run([f"drop table if exists {scene.schema}.t_unload", _TABLE, _ROWS, statement])
            return Answer(expected, look(scene, f"{name}/"))
        except REFUSALS as error:
            return Answer(expected, f"refused: {error}")

    return ask


def _layout(scene: Scene, folder: str) -> str:
    """Name the folders of the files, whether the manifest has the size of each, and how many rows it counts."""
    found = scene.exported(folder)
    manifest = json.loads(found.pop("manifest"))
    listed = {entry["url"].rpartition(folder)[2]: entry["meta"]["content_length"] for entry in manifest["entries"]}
    sizes = "as listed" if listed == {name: len(body) for name, body in found.items()} else "otherwise"
    places = sorted({name.rpartition("/")[0] for name in found})
    counted = sum(entry["meta"]["record_count"] for entry in manifest["entries"])
    return f"{', '.join(places) or 'no files'}; {sizes}; {counted} rows"


def _types(scene: Scene, folder: str) -> str:
    """Name the columns of the files and their types."""
    files = [body for name, body in scene.exported(folder).items() if name.endswith(".parquet")]
    schema = pq.read_schema(io.BytesIO(files[0]))
    return ", ".join(f"{field.name} {field.type}" for field in schema)


PROBES = (
    Probe(
        "unload-manifest",
        "UNLOAD with PARTITION BY makes folders, and one manifest that has each file's length and rows",
        _PAGE,
        _unloaded(
            "manifest",
            _layout,
            "born_on=2025-11-13, born_on=__HIVE_DEFAULT_PARTITION__; as listed; 2 rows",
            options="partition by (born_on) ",
        ),
        relied_on="landfall unload: an export is complete when its folder is what the manifest says",
    ),
    Probe(
        "unload-nothing",
        "UNLOAD of no rows ends well, and leaves a manifest of no files",
        _PAGE,
        _unloaded("nothing", _layout, "no files; as listed; 0 rows", where=" where id = 3"),
    ),
    Probe(
        "unload-types",
        "UNLOAD writes to parquet what COPY reads into the same types",
        _PAGE,
        _unloaded(
            "types",
            _types,
            "id int64, total decimal128(18, 2), born_on date32[day], seen_at timestamp[us], name string",
        ),
    ),
    Probe(
        "unload-into-files",
        "UNLOAD refuses a place that holds files, unless it is told to overwrite them",
        _PAGE,
        refuses(
            _TABLE.replace("t_unload", "t_unload_again"),
            _UNLOAD.replace("t_unload", "t_unload_again").format(name="again", columns="*", where="", options=""),
            _UNLOAD.replace("t_unload", "t_unload_again").format(name="again", columns="*", where="", options=""),
            error="not empty|overwrite",
        ),
    ),
)
