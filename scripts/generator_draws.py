"""Sample data: repeatable draws. In: a seed and entity numbers. Out: numpy arrays, and arrow arrays made of them.

A draw is a hash of (seed, topic, number), not the next value of a generator: an entity looks the same whatever the
batch that it is made in, so that millions can be streamed and an update can draw its entity again. Money is decimal,
times are UTC microseconds.
"""

import zlib
from collections.abc import Iterator

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
from numpy.typing import NDArray

MONEY = pa.decimal128(18, 2)
INSTANT = pa.timestamp("us", tz="UTC")
SECOND = 1_000_000
DAY = 86_400 * SECOND
FIRST_DAY = 20_371  # 2025-10-10: fixed, so that the same seed gives the same bytes on every day
BATCH_ROWS = 25_000  # bounds the memory at work, whatever is asked for

Integers = NDArray[np.int64]
Reals = NDArray[np.float64]


def uniform(seed: int, topic: str, numbers: Integers) -> Reals:
    """Draw a real in [0, 1) for each number: SplitMix64 (https://prng.di.unimi.it/splitmix64.c) of all three.

    >>> uniform(1, "status", np.array([7, 8])).tolist() == uniform(1, "status", np.array([7, 8])).tolist()
    True
    """
    start = np.uint64((seed * 0x2545F4914F6CDD1D + zlib.crc32(topic.encode()) * 0x9E3779B97F4A7C15) % 2**64)
    state = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + start
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def integers(seed: int, topic: str, numbers: Integers, low: int, high: int) -> Integers:
    """Draw an integer from low to high, both included, for each number."""
    return low + (uniform(seed, topic, numbers) * (high - low + 1)).astype(np.int64)


def pick(seed: int, topic: str, numbers: Integers, choices: list[str]) -> pa.Array:
    """Draw one of the choices for each number; to weight one, list it more than once."""
    return pa.array(choices, pa.string()).take(pa.array(integers(seed, topic, numbers, 0, len(choices) - 1)))


def identifiers(prefix: str, numbers: Integers, width: int = 10) -> pa.Array:
    """Spell numbers as identifiers.

    >>> identifiers("ORD-", np.array([7])).to_pylist()
    ['ORD-0000000007']
    """
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width=width, padding="0")
    return pc.binary_join_element_wise(prefix, digits, "")


def money(cents: Integers) -> pa.Array:
    """Turn cents into exact decimals: a decimal128 is its 128-bit unscaled integer, so no text comes between.

    >>> money(np.array([1250, -5])).to_pylist()
    [Decimal('12.50'), Decimal('-0.05')]
    """
    return decimals(cents, MONEY)


def decimals(unscaled: Integers, type_: pa.Decimal128Type) -> pa.Array:
    """Turn integers into the decimals whose digits they are.

    >>> decimals(np.array([125]), pa.decimal128(5, 3)).to_pylist()
    [Decimal('0.125')]
    """
    words = np.empty((len(unscaled), 2), dtype="<i8")
    words[:, 0] = unscaled
    words[:, 1] = unscaled >> 63
    return pa.Array.from_buffers(type_, len(unscaled), [None, pa.py_buffer(words.tobytes())])


def instants(microseconds: Integers) -> pa.Array:
    """Turn microseconds since 1970 into UTC timestamps."""
    return pa.array(microseconds).view(INSTANT)


def dates(days: Integers) -> pa.Array:
    """Turn days since 1970 into dates.

    >>> dates(np.array([FIRST_DAY])).to_pylist()
    [datetime.date(2025, 10, 10)]
    """
    return pa.array(days.astype(np.int32)).view(pa.date32())


def ranges(first: int, count: int) -> Iterator[Integers]:
    """Count from `first` on, in batches of bounded size.

    >>> [len(numbers) for numbers in ranges(1, BATCH_ROWS + 1)]
    [25000, 1]
    """
    end = first + count
    for start in range(first, end, BATCH_ROWS):
        yield np.arange(start, min(start + BATCH_ROWS, end), dtype=np.int64)
