"""docs/performance.md and reliability.md show what benchmarks/results hold: drawn anew, and compared."""

import json
from pathlib import Path

import pytest

from benchmarks import overlap, plots
from local.home import ROOT
from tests.chaos import mutations, record

PAGE = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
STORMS = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_every_picture_is_what_its_results_draw_and_is_shown(tmp_path: Path) -> None:
    drawn = plots.draw(tmp_path)
    assert {"peers", "rewriting"} <= set(drawn)
    assert {path.stem for path in plots.IMAGES.glob("*.svg")} == set(drawn)
    for name in drawn:
        kept = (plots.IMAGES / f"{name}.svg").read_bytes()
        assert kept == (tmp_path / f"{name}.svg").read_bytes(), f"{name}: python -m benchmarks.plots"
        assert f"](images/{name}.svg)" in PAGE


def test_other_results_draw_another_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = json.loads((plots.RESULTS / "rewrite_cpu.json").read_text(encoding="utf-8"))
    result["rewrite"]["now"]["one of 60 MB"]["milliseconds_a_megabyte"] += 1
    (tmp_path / "rewrite_cpu.json").write_text(json.dumps(result), encoding="utf-8")
    monkeypatch.setattr(plots, "RESULTS", tmp_path)
    assert plots.draw(tmp_path / "drawn") == ["rewriting"]
    kept = (plots.IMAGES / "rewriting.svg").read_bytes()
    assert (tmp_path / "drawn" / "rewriting.svg").read_bytes() != kept


def test_the_model_is_within_a_quarter_of_what_was_measured_and_the_page_shows_how_far() -> None:
    overlaps = overlap.found()
    assert overlaps
    assert [each.name for each in overlaps if not each.is_kept] == []
    assert not all(each.is_calibrated for each in overlaps)
    for line in overlap.table(overlaps):
        assert line in PAGE.splitlines()


def test_the_page_says_of_one_large_file_what_was_measured_and_of_which_commit() -> None:
    measured = json.loads((plots.RESULTS / "growth.json").read_text(encoding="utf-8"))["file"]
    peaks = {
        path: max(each["peak_megabytes"] for each in measured["points"] if each["path"] == path)
        for path in ("as_is", "canonical")
    }
    assert f"copied as it is or rewritten ({measured['commit'][:7]}, load {measured['load']:.0f})" in PAGE
    assert f"{peaks['as_is']} MB at most where it copied, and {peaks['canonical']} where it rewrote" in PAGE


def test_a_machine_that_is_slower_than_the_one_that_was_measured_is_told_from_it(tmp_path: Path) -> None:
    growth = json.loads((plots.RESULTS / "growth.json").read_text(encoding="utf-8"))
    [point] = [each for each in growth["bursts"]["points"] if each["files"] == 100]
    point["lag_most_seconds"] *= 2
    (tmp_path / "growth.json").write_text(json.dumps(growth), encoding="utf-8")
    far = [each.name for each in overlap.found(tmp_path) if not each.is_kept]
    assert far == ["100 files at once: the last after"]


def test_a_machine_is_nothing_but_its_steps() -> None:
    steps = overlap.Machine(load=4.0, file=0.01, run=20.0).steps
    assert (2 * steps.copy, steps.file_cpu, steps.run) == (4.0, 0.01, 20.0)
    assert (steps.insert, steps.commit, steps.s3_request, steps.data_api_call) == (0, 0, 0, 0)


def test_the_page_shows_what_storms_were_played_and_what_they_found() -> None:
    kept = record.recorded(record.RESULTS)
    for line in [*record.table(kept["runs"]), *record.table_of_mutations(kept["mutations"])]:
        assert line in STORMS.splitlines(), "python -m tests.chaos.record"
    assert set(kept["mutations"]) <= set(mutations.MUTATIONS)
    assert all(found["seed"] <= mutations.MOST for found in kept["mutations"].values())


def test_a_storm_that_is_played_again_is_recorded_once_and_one_that_failed_is_shown(tmp_path: Path) -> None:
    recorder = record.Recorder(tmp_path / "storms.json")
    recorder.run("sql", 7, 100, {"files": 1}, [])
    recorder.run("sql", 7, 200, {"files": 1200}, [8, 150])
    recorder.run("core", 1, 3, {}, [])
    recorder.run("core", 9, 0, {}, [])
    recorder.mutation("name", "core", "all is well", 5)

    kept = record.recorded(tmp_path / "storms.json")

    assert list(record.table(kept["runs"]))[2:] == [
        "| `core` | 3 | 1 to 3 |  | none |",
        "| `sql` | 200 | 7 to 206 | 1,200 files | 8, 150 |",
    ]
    assert list(record.table_of_mutations(kept["mutations"]))[2:] == ["| name | all is well | `core` | 5 |"]
    assert all(len(run["commit"]) == 40 for run in kept["runs"])


def test_a_storm_that_nobody_wants_recorded_is_not(tmp_path: Path) -> None:
    record.Recorder(None).run("sql", 7, 100, {}, [])
    assert not list(tmp_path.iterdir())
