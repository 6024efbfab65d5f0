"""Texts that are packed with gzip: they land as they would unpacked; what is cut, damaged or a bomb is a verdict."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import gzip

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.judge import paths
from ingest_lambda.judge.contracts import parse_contract
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.read import footer, formats, unpacking
from ingest_lambda.reasons import Reason
from tests.land.warehouse import Land, new_dataset, parquet

DECLARED = {"formats": ["csv", "json"], "columns": [{"name": "id", "data_type": "bigint"}]}
ROWS = 1_000
CSV = "id,note\n" + "".join(f"{number},x\n" for number in range(ROWS))
LINES = "".join(f'{{"id": {number}, "note": "x"}}\n' for number in range(ROWS))
ARRAY = "[" + LINES.strip().replace("\n", ",") + "]"
TEXTS = {"csv.gz": CSV, "json.gz": ARRAY, "ndjson.gz": LINES, "JSONL.GZ": LINES}
BODY = {extension: gzip.compress(text.encode()) for extension, text in TEXTS.items()}


@pytest.fixture
def dataset(land: Land) -> str:
    name = new_dataset("packed")
    land.contracts[name] = parse_contract(DECLARED)
    return name


def receive(land: Land, key: str, body: bytes) -> FileOutcome:
    [outcome] = land.function().receive(land.put(key, body))
    return outcome


@pytest.mark.parametrize("extension", TEXTS)
def test_a_packed_text_lands(land: Land, dataset: str, extension: str) -> None:
    outcome = receive(land, f"raw/{dataset}/a.{extension}", BODY[extension])

    assert (outcome.status, outcome.rows) == (Status.LANDED, ROWS), outcome
    [found] = land.rows(f"select count(distinct id) as ids, sum(id) as total, min(note) as note from landing.{dataset}")
    assert tuple(found.values()) == (ROWS, sum(range(ROWS)), "x")


def test_a_packed_text_lands_from_disk_too(land: Land, dataset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (footer, formats):
        monkeypatch.setattr(module, "WHOLE_FILE_BYTES", 0)

    for extension, body in BODY.items():
        assert receive(land, f"raw/{dataset}/a.{extension}", body).rows == ROWS


def test_members_behind_one_another_are_one_text(land: Land, dataset: str) -> None:
    body = gzip.compress(b"id\n1\n") + gzip.compress(b"2\n") + b"\0" * 512  # tools pad with zeros

    assert receive(land, f"raw/{dataset}/a.csv.gz", body).rows == 2


def test_packing_is_known_by_the_bytes_and_not_by_the_name(land: Land, dataset: str) -> None:
    packed = receive(land, f"raw/{dataset}/a.csv", gzip.compress(CSV.encode()))
    plain = receive(land, f"raw/{dataset}/a.csv.gz", CSV.encode())

    assert (packed.rows, plain.rows) == (ROWS, ROWS)


DAMAGED = [
    *[(extension, body[:-1], "cut in its last byte") for extension, body in BODY.items()],
    *[(extension, body[: len(body) // 2], "cut in the middle") for extension, body in BODY.items()],
    ("csv.gz", BODY["csv.gz"][:5], "cut in its header"),
    ("csv.gz", BODY["csv.gz"][:-8] + b"\0\0\0\0" + BODY["csv.gz"][-4:], "of another checksum"),
    ("csv.gz", BODY["csv.gz"] + b"trailing", "followed by something"),
    ("json.gz", BODY["json.gz"][:100] + b"\xff" * 50 + BODY["json.gz"][150:], "damaged"),
]


@pytest.mark.parametrize(
    ("extension", "body"), [damage[:2] for damage in DAMAGED], ids=[f"{e} {d}" for e, _, d in DAMAGED]
)
def test_what_does_not_unpack_whole_lands_nothing(land: Land, dataset: str, extension: str, body: bytes) -> None:
    outcome = receive(land, f"raw/{dataset}/a.{extension}", body)

    assert outcome.status is Status.REJECTED, outcome
    assert outcome.verdict is not None
    assert outcome.verdict.reason is Reason.UNREADABLE_DATA
    assert "gzip" in outcome.verdict.detail
    assert land.count(f"landing.{dataset}") == 0
    assert land.count(f"ledger.{dataset}") == 0


@pytest.mark.parametrize("extension", TEXTS)
def test_a_bomb_is_a_verdict(land: Land, dataset: str, extension: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", len(TEXTS[extension]) - 1)

    outcome = receive(land, f"raw/{dataset}/a.{extension}", BODY[extension])

    assert outcome.verdict is not None
    assert (outcome.status, outcome.verdict.reason) == (Status.REJECTED, Reason.OVERSIZE_FILE)
    assert land.count(f"landing.{dataset}") == 0
    # what the verdict says helps: several files, or parquet
    head, *lines = CSV.splitlines(keepends=True)
    halves = [head + "".join(lines[start::2]) for start in (0, 1)]
    names = (f"raw/{dataset}/{number}.csv.gz" for number in range(2))
    packed = [receive(land, name, gzip.compress(half.encode())) for name, half in zip(names, halves, strict=True)]
    whole = receive(land, f"raw/{dataset}/a.parquet", parquet(pa.table({"id": range(ROWS), "note": ["x"] * ROWS})))
    assert [outcome.rows for outcome in (*packed, whole)] == [ROWS // 2, ROWS // 2, ROWS]


def test_a_load_is_as_large_as_what_its_files_unpack_to(
    land: Land, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "MAX_CANONICAL_BYTES", 2 * len(CSV))
    file = land.put(f"raw/{dataset}/a.csv.gz", BODY["csv.gz"])

    inspected = formats.inspect_any(land.client("s3"), file, land.contracts[dataset].declared)

    assert inspected.size == len(BODY["csv.gz"]) < len(CSV) / 2
    assert [len(group.files) for group in paths.group_by_path([inspected] * 4)] == [2, 2]
