"""What is played keeps every file, knows the product's own settings, and never gets worse where there is more of it."""

import json
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from ingest_lambda.arrive import backlog
from landfall.app import build
from landfall.sizing import advice, costs, scene
from landfall.sizing.advice import Choice, choose, ladder, outage, play, played_seconds, replay
from landfall.sizing.assumptions import Limits, Steps, listed
from landfall.sizing.costs import Prices, Usage, billed_seconds
from landfall.sizing.play import NOWHERE, Play
from landfall.sizing.scene import Arrivals, Scene, Settings, Volume, after_outage, beside, evenly
from local.home import ROOT
from tests.infra import templates
from tests.support import json_schemas
from transform_lambda import archive

PRICES = Prices()
SECONDS = 600.0
# Of deployable settings and volumes, small enough to be played often.
SCENES = st.builds(
    Scene,
    volume=st.builds(
        Volume,
        files_per_day=st.integers(0, 30_000),
        rows_per_file=st.sampled_from([0, 100, 100_000]),
        bytes_per_file=st.sampled_from([1, 50_000, 5_000_000, 200_000_000]),
        datasets=st.sampled_from([1, 3, 20]),
    ),
    settings=st.builds(
        Settings,
        batch_size=st.sampled_from([1, 9, 10, 50, 10_000]),
        batching_window_seconds=st.sampled_from([1, 10, 300]),
        backlog_files=st.sampled_from([0, 1_000, 10_000]),
        maximum_concurrency=st.sampled_from([2, 5, 10]),
        ingest_timeout_seconds=st.sampled_from([60, 300, 900]),
        debounce_seconds=st.sampled_from([0, 60, 900]),
        base_rpu=st.sampled_from([4, 8, 128]),
    ),
    seed=st.integers(0, 10),
)


def size(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(build(), ["size", *arguments])


@settings(max_examples=20, deadline=None)
@given(SCENES, st.floats(1, 2_000))
def test_at_any_moment_each_file_that_came_has_landed_or_waits(scene: Scene, moment: float) -> None:
    arrivals = evenly(scene, SECONDS)
    stopped = Play(scene, arrivals)
    played = stopped.run(until=moment)
    landed = [at for at in played.landed if at != NOWHERE]
    if len(arrivals):
        assert stopped.held + len(landed) == int((arrivals.comes <= moment).sum())
    assert played.landed_files == len(landed)
    for came, there, modeled in zip(arrivals.comes, played.landed, played.modeled, strict=True):
        assert there == NOWHERE or came < there <= moment
        assert modeled == NOWHERE or came < there < modeled


@settings(max_examples=20, deadline=None)
@given(SCENES)
def test_every_file_lands_and_is_modeled_and_no_function_works_beyond_its_limit(scene: Scene) -> None:
    arrivals = evenly(scene, SECONDS)
    played = Play(scene, arrivals).run()
    assert NOWHERE not in played.landed
    assert NOWHERE not in played.modeled
    assert played.landed_files == len(arrivals)
    assert played.batches <= played.landed_files
    assert played.runs <= played.loads
    own = min(scene.settings.batch_size, scene.limits.payload_files)
    assert played.taken_peak <= max(own, scene.settings.backlog_files) + backlog.PARALLEL_REQUESTS * 10


@settings(max_examples=20, deadline=None)
@given(SCENES)
def test_more_capacity_never_makes_the_end_later(scene: Scene) -> None:
    arrivals = evenly(scene, SECONDS)
    slow = Play(scene, arrivals).run()
    fast = Play(replace(scene, settings=replace(scene.settings, base_rpu=4 * scene.settings.base_rpu)), arrivals).run()
    # Other moments make other batches: a window, and a load, more or less.
    noise = scene.settings.batching_window_seconds + slow.longest_invocation
    assert max(fast.landed, default=0) <= max(slow.landed, default=0) + noise


@pytest.mark.parametrize("name", ["as it is deployed", "gather five minutes"])
def test_more_files_never_cost_less(name: str) -> None:
    dollars = [
        play(name, Scene(Volume(files), replace(Settings(), **advice.LADDER[name])), PRICES).usd
        for files in (0, 100, 1_000, 10_000, 50_000)
    ]
    # Of a warehouse that is awake nearly always a few seconds less may be billed.
    assert all(fewer <= more * 1.02 for fewer, more in pairwise(dollars)), dollars
    assert dollars[-1] > 10 * dollars[0]


@given(st.sampled_from([each.name for each in fields(Usage)]), st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_of_anything_never_costs_less(name: str, one: float, other: float) -> None:
    fewer, more = (Usage(**{name: each}).usd(8, PRICES) for each in sorted((one, other)))
    assert all(fewer[what] <= more[what] for what in fewer)
    assert sum(Usage(**{name: 1e6}).usd(8, PRICES).values()) > 0


def test_a_lone_file_waits_for_the_window_and_its_own_load() -> None:
    one = Arrivals(np.array([0.0]), np.array([0.0]), np.array([0]))
    steps = Steps(s3_request=0, file_cpu=0, megabyte_cpu=0, copy_rate=1e9, insert_rate=1e9, run_rate=1e9)
    alone = Scene(Volume(1), steps=steps)
    played = Play(alone, one).run()
    cold = steps.cold_start_cpu / (1_024 / 1_769)
    load = steps.calls_a_load * steps.data_api_call + 2 * steps.copy + steps.insert + steps.commit
    assert played.landed == pytest.approx([10 + cold + load], abs=1e-3)
    assert played.modeled == pytest.approx([played.landed[0] + steps.event + 60 + steps.run], abs=1e-3)


def test_a_backlog_lands_in_few_loads_and_only_where_it_is_taken() -> None:
    burst = Arrivals(np.zeros(2_000), np.zeros(2_000), np.zeros(2_000, dtype=np.int64))
    taken = Play(Scene(Volume(2_000)), burst).run()
    left = Play(Scene(Volume(2_000), Settings(backlog_files=0)), burst).run()
    assert taken.loads <= 10
    assert left.loads == 2_000 / 50
    assert max(taken.landed) < max(left.landed)


def test_loads_of_one_dataset_wait_for_each_other_and_commits_for_all() -> None:
    steps = Steps(insert=10.0, commit=1.0)
    for datasets, apart in ((1, 11.0), (2, 1.0)):
        two = Arrivals(np.zeros(2), np.zeros(2), np.arange(2) % datasets)
        apart_settings = Settings(batch_size=1, batching_window_seconds=0)
        played = Play(Scene(Volume(2, datasets=datasets), apart_settings, steps), two).run()
        assert abs(played.landed[0] - played.landed[1]) >= apart - 1e-6
        assert abs(played.landed[0] - played.landed[1]) < apart + 2


def test_what_an_invocation_has_no_time_for_comes_back_and_lands() -> None:
    slow = Scene(Volume(40, datasets=20), Settings(ingest_timeout_seconds=60), Steps(copy=10.0))
    together = Arrivals(np.zeros(40), np.zeros(40), np.arange(40) % 20)
    played = Play(slow, together).run()
    assert played.returned
    assert played.longest_invocation <= 60
    assert played.landed_files == 40


def test_an_outage_dead_letters_what_has_failed_twelve_times_and_all_of_it_lands() -> None:
    volume = Scene(Volume(20_000))
    usual = evenly(volume, 10 * 3_600)
    short = after_outage(usual, 3_600, scene.RETRIED_SECONDS - 1, 1)
    long = after_outage(usual, 3_600, 6 * 3_600, 1)
    assert short.dead_letters == 0
    assert long.dead_letters == int(((usual.comes >= 3_600) & (usual.comes < 7 * 3_600 - scene.RETRIED_SECONDS)).sum())
    for hit in (short, long):
        assert sorted(hit.uploaded) == sorted(usual.uploaded)
        assert (hit.comes >= hit.uploaded).all()
        assert (np.diff(hit.comes) >= 0).all()
    assert not ((long.comes > 3_600) & (long.comes < 7 * 3_600)).any()
    found = outage(volume, 6 * 3_600, PRICES)
    assert found.files == pytest.approx(20_000 / 4, rel=0.05)
    assert found.dead_letters > 0
    assert found.backlog_peak >= found.dead_letters
    assert 0 < found.over_after_seconds < 3_600
    assert found.modeled.most > 6 * 3_600


def test_a_redrive_is_over_soon_after_its_last_file_was_sent_and_costs_something() -> None:
    volume = Scene(Volume(2_000))
    found = replay(volume, 5_000, 100.0, PRICES)
    assert found.files == 5_000
    assert 0 < found.over_after_seconds < 600
    assert found.usd > 0
    both = beside(evenly(volume, 3_600), 10, 7, 0, 1, 1)
    assert len(both) == len(evenly(volume, 3_600)) + 7
    assert int((both.comes == 10).sum()) == 7


def test_the_cheapest_that_keeps_the_aim_is_chosen_and_none_where_none_does() -> None:
    choices = ladder(Scene(Volume(5_000)), PRICES)
    assert [each.name for each in choices] == list(advice.LADDER)
    chosen = choose(choices, 15 * 60)
    assert chosen is not None
    good = [each for each in choices if each.figures.modeled.p95 <= 15 * 60]
    assert 0 < len(good) < len(choices)
    assert chosen.usd == min(each.usd for each in good)
    assert choose(choices, 60) is None


def test_what_cannot_keep_up_is_never_chosen() -> None:
    steps = Steps(copy=60.0)
    drowned = play("drowned", Scene(Volume(1_000_000, datasets=20), steps=steps), PRICES)
    assert not drowned.figures.keeps_up
    assert not drowned.fits
    assert choose([drowned], 1e9) is None
    assert play("calm", Scene(Volume(1_000)), PRICES).fits


def test_an_invocation_that_cannot_end_in_time_does_not_fit() -> None:
    large = Scene(Volume(100, bytes_per_file=30_000_000_000), Settings(ingest_timeout_seconds=60))
    exceeded = [each.name for each in play("large", large, PRICES).figures.near if not each.is_kept]
    assert exceeded == ["seconds of an invocation"]


def test_a_day_without_files_costs_what_a_deployment_at_rest_does() -> None:
    choice: Choice = play("rest", Scene(Volume(0)), PRICES)
    at_rest = costs.AT_REST.times(costs.DAYS_A_MONTH).usd(8, PRICES)
    assert choice.usd_a_month == {name: round(usd, 2) for name, usd in at_rest.items()}
    assert played_seconds(Scene(Volume(1))) == 86_400


@given(st.lists(st.tuples(st.floats(0, 10_000), st.floats(0, 500)), max_size=20))
def test_a_waking_is_billed_for_a_minute_and_no_second_twice(spans: list[tuple[float, float]]) -> None:
    busy = [(start, start + lasted) for start, lasted in spans]
    billed = billed_seconds(busy)
    assert billed <= sum(max(60.0, lasted) for _, lasted in spans) + 1e-6
    if busy:
        assert billed >= max(60.0, max(lasted for _, lasted in spans)) - 1e-6
        assert billed <= max(end for _, end in busy) + 60 - min(start for start, _ in busy) + 1e-6
    for fewer, more in pairwise(range(len(busy) + 1)):  # what joins two wakings saves the rest of one's minute
        assert billed_seconds(busy[:fewer]) <= billed_seconds(busy[:more]) + 60 + 1e-6


def test_usage_is_added_and_multiplied_field_by_field() -> None:
    used = Usage(files=1, loads=2, polls=3)
    assert used.plus(used) == used.times(2)
    dollars = used.usd(8, PRICES)
    assert {name: 2 * usd for name, usd in dollars.items()} == pytest.approx(used.times(2).usd(8, PRICES))


def test_the_settings_are_those_that_are_deployed() -> None:
    parameters = templates.load("main")["Parameters"]
    from landfall.commands.size import SETTINGS

    assert set(SETTINGS) == set(vars(Settings()))
    for changes in ({}, *advice.LADDER.values()):
        for name, value in vars(replace(Settings(), **changes)).items():
            said = parameters[SETTINGS[name]]
            assert changes.get(name) is not None or value == int(said["Default"])
            assert value in map(int, said.get("AllowedValues", [value]))
            assert int(said.get("MinValue", value)) <= value <= int(said.get("MaxValue", value))


def test_what_is_counted_is_what_the_templates_and_the_product_say() -> None:
    queue = templates.load("land")["Resources"]["LandingQueue"]["Properties"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == scene.MAX_RECEIVES
    function = templates.load("model")["Resources"]["TransformFunction"]["Properties"]
    assert function["MemorySize"] / 1_024 == pytest.approx(costs.TRANSFORM_GIGABYTES, abs=0.005)
    assert function["Timeout"] == Limits().build
    assert archive.SMALLEST_BYTES == costs.TAGGED_BYTES
    measured = json.loads((ROOT / "benchmarks" / "results" / "rewrite_cpu.json").read_text(encoding="utf-8"))
    assert (
        round(Steps().megabyte_cpu * 1_000, 1) == measured["rewrite"]["now"]["one of 60 MB"]["milliseconds_a_megabyte"]
    )


def test_every_constant_has_a_unit_and_says_where_it_is_from() -> None:
    rests_on = listed(Steps(), Limits())
    assert len({each.name for each in rests_on}) == len(rests_on)
    for each in rests_on:
        assert each.unit
        assert each.source.startswith(("measured: benchmarks/", "https://docs.aws.amazon.com/", "assumed"))
        for path in (word.rstrip(",") for word in each.source.split() if word.startswith("benchmarks/")):
            assert (ROOT / path).exists()


def test_the_same_arguments_give_the_same_answer_and_another_seed_another() -> None:
    asked = (
        "--files-per-day",
        "1000",
        "--hours",
        "3",
        "--debounce-seconds",
        "30",
        "--outage-hours",
        "1",
        "--replay",
        "99",
        "--json",
    )
    first, again = size(*asked), size(*asked)
    assert first.exit_code == 0, first.output
    told = json_schemas.read(["size", "--json"], first.stdout)
    assert first.stdout == again.stdout
    assert size(*asked, "--seed", "2").stdout != first.stdout
    assert [each["parameters"]["DebounceSeconds"] for each in told["choices"]] == [30]
    assert [each["kind"] for each in told["incidents"]] == ["outage", "replay"]


def test_it_says_which_parameters_to_set_and_what_it_rests_on() -> None:
    done = size("--files-per-day", "2000", "--assumptions")
    assert done.exit_code == 0, done.output
    assert '"DebounceSeconds": "300"' in done.stdout
    assert "choose" in done.stdout
    assert "the defaults" in size("--files-per-day", "100", "--modeled-within", "4").stdout
    for each in listed(Steps(), Limits()):
        assert each.name in done.stdout


def test_an_aim_that_nothing_keeps_is_an_answer_of_no() -> None:
    done = size("--files-per-day", "100", "--modeled-within", "1", "--json")
    assert done.exit_code == 1
    assert not any(each["is_chosen"] for each in json_schemas.read(["size", "--json"], done.stdout)["choices"])
    assert "none of these" in size("--files-per-day", "100", "--modeled-within", "1").stdout


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--batch-size", "20000"), "BatchSize is from 1 to 10,000"),
        (("--ingest-timeout-seconds", "100"), "IngestTimeoutSeconds is 60, 300 or 900"),
        (("--batching-window-seconds", "0"), "BatchingWindowSeconds is at least 1"),
        (("--datasets", "0"), "--datasets"),
    ],
)
def test_what_cannot_be_deployed_is_not_played(wrong: tuple[str, ...], said: str) -> None:
    done = size("--files-per-day", "100", *wrong)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""
