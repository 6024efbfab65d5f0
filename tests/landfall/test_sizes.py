"""What the documents show of `landfall size` is what it says."""

import json

from benchmarks import sizes
from local.home import ROOT

KEPT = json.loads(sizes.RESULTS.read_text(encoding="utf-8"))
SHOWN = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8").splitlines()


def test_the_page_shows_what_was_played() -> None:
    for line in (*sizes.table(KEPT["volumes"]), *sizes.incidents(KEPT["incidents"])):
        assert line in SHOWN


def test_what_was_played_is_what_is_played_now() -> None:
    for name, of in (("volumes", sizes.VOLUMES), ("incidents", sizes.INCIDENTS)):
        assert {title: each["arguments"] for title, each in KEPT[name].items()} == {k: [*v] for k, v in of.items()}
    title = "500 million rows a month (10,000 files a day, 5 datasets)"  # the quickest
    assert sizes.play(sizes.VOLUMES[title]) == KEPT["volumes"][title]
