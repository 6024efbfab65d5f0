"""sqlfluff's rules by shorter ways: what each of them asks of a file's tree is found once for all of them.

In: sqlfluff as installed. Out: the same answers. Nothing is mended between rules, so that a file stays the same tree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlfluff.core import FluffConfig
from sqlfluff.core.parser import BaseSegment
from sqlfluff.core.parser.segments.base import PathStep
from sqlfluff.core.rules.context import RuleContext
from sqlfluff.core.rules.crawlers import SegmentSeekerCrawler
from sqlfluff.utils.reflow.depthmap import StackPosition
from sqlfluff.utils.reflow.sequence import ReflowSequence

stock_crawl = SegmentSeekerCrawler.crawl
stock_sequence = ReflowSequence.from_root
stock_position = StackPosition.from_path_step


@dataclass
class Place:
    """A segment of a tree, in the order of the text: what is above it, which child it is, and where its own end."""

    segment: BaseSegment
    above: tuple[BaseSegment, ...]
    number: int
    end: int = 0


@dataclass
class Places:
    """All segments of a tree, and which of them are of a type."""

    root: BaseSegment
    all: list[Place] = field(default_factory=list)
    of_type: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, segment: BaseSegment, above: tuple[BaseSegment, ...] = (), number: int = 0) -> None:
        """Add a segment and all below it."""
        place = Place(segment, above, number)
        for kind in segment.class_types:
            self.of_type[kind].append(len(self.all))
        self.all.append(place)
        within = (*above, segment)
        for position, child in enumerate(segment.segments):
            self.add(child, within, position)
        place.end = len(self.all)


_places: list[Places] = []  # of the last tree
_sequence: list[ReflowSequence] = []  # likewise
_positions: dict[int, tuple[PathStep, StackPosition]] = {}  # likewise, with the steps, whose ids stay theirs


def quicken() -> None:
    """Let sqlfluff take the shorter ways, in this process."""
    for owner, name, way in (
        (SegmentSeekerCrawler, "crawl", crawl),
        (ReflowSequence, "from_root", sequence_of),
        (StackPosition, "from_path_step", position_of),
    ):
        setattr(owner, name, way)


def crawl(crawler: SegmentSeekerCrawler, context: RuleContext) -> Iterator[RuleContext]:
    """Yield each segment of the crawler's types; sqlfluff walks the whole tree for each rule."""
    root = context.segment
    is_stock = type(crawler) is not SegmentSeekerCrawler or crawler.provide_raw_stack or context.parent_stack
    if is_stock or root.is_type("unparsable") or "unparsable" in root.descendant_type_set:
        yield from stock_crawl(crawler, context)
        return
    if not _places or _places[0].root is not root:
        _places[:] = [Places(root)]
        _places[0].add(root)
    (places,) = _places
    found = sorted(set().union(*(places.of_type.get(kind, ()) for kind in crawler.types)))
    done = 0
    for number in found:
        place = places.all[number]
        if number >= done:
            context.segment, context.parent_stack, context.segment_idx = place.segment, place.above, place.number
            yield context
            done = 0 if crawler.allow_recurse else place.end


def sequence_of(root_segment: BaseSegment, config: FluffConfig) -> ReflowSequence:
    """Return a file's tokens with how deep each of them stands: each rule of layout has them made anew."""
    if not _sequence or _sequence[0].root_segment is not root_segment:
        _positions.clear()
        _sequence[:] = [stock_sequence(root_segment, config)]
    (kept,) = _sequence
    return ReflowSequence(kept.elements.copy(), root_segment, kept.reflow_config, kept.depth_map)


def position_of(step: PathStep) -> StackPosition:
    """Return what a step on the way to a token says of it: all tokens below it share the step."""
    kept = _positions.get(id(step))
    if kept is None or kept[0] is not step:
        kept = _positions[id(step)] = (step, stock_position(step))
    return kept[1]
