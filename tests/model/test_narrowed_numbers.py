"""MODEL: whatever number lands, staging models it as it is or gives it one reason, and no run stops.

Drawn: every type that a number is narrowed to, every type that one lands in, values around the bounds of both.
"""

# ruff: noqa: S608 - the tests' own SQL

import math
import struct
from collections.abc import Sequence
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.model_warehouse import ModelWarehouse

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

WHOLE = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
NUMERICS = [f"numeric({p},{s})" for p in range(1, 39) for s in range(min(p, 37) + 1)]
FLOATS = ("double precision", "real")
TYPES = [*WHOLE, *FLOATS, *NUMERICS]
LARGEST_REAL = float(2**128 - 2**104)
EXACT = 80  # digits of the tests' own computations
Number = Decimal | float


@pytest.fixture(scope="module")
def narrowings(worker_warehouse: ModelWarehouse) -> dict[str, str]:
    """Return the reasons and the narrowed value of a column `v`, as a select list, by the type that it is to have."""
    lists = (
        f"{{{{ narrowing_reasons({{'v': '{type_}'}}) }}}} as reasons, {{{{ narrow('v', '{type_}') }}}} as narrowed"
        for type_ in TYPES
    )
    [sql] = worker_warehouse.dbt("compile", "--inline", ";".join(lists)).compiled.values()
    return dict(zip(TYPES, sql.split(";"), strict=True))


def scale_of(type_: str) -> int:
    return 0 if type_ in (*WHOLE, *FLOATS) else int(type_.strip(")").split(",")[1])


def largest(type_: str) -> Decimal:
    if type_ in FLOATS:
        return Decimal(LARGEST_REAL)
    precision = 0 if type_ in WHOLE else int(type_[8:].split(",")[0])
    # https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_types201.html: what 64 bits hold
    digits = WHOLE.get(type_) or (2**63 - 1 if precision == 19 else 10**precision - 1)
    return Decimal(f"{digits}e-{scale_of(type_)}")


def as_real(value: float) -> float:
    """Return the REAL nearest to a DOUBLE; the largest for what is beyond it."""
    [real] = struct.unpack("f", struct.pack("f", max(-LARGEST_REAL, min(LARGEST_REAL, value))))
    return float(real)


def negated(value: Number) -> Number:
    """Return the number on the other side of zero; a minus would round a Decimal to 28 digits."""
    return value.copy_negate() if isinstance(value, Decimal) else -value


def doubles(type_: str) -> st.SearchStrategy[float]:
    """Draw what is next to the largest of a type, what has no more than 15 digits, and any other."""
    bound = float(largest(type_))
    nearby = st.integers(-12, 4).map(lambda steps: bound + steps * math.ulp(bound))
    short = st.builds(lambda n, e: float(f"{n}e{e}"), st.integers(0, 10**15 - 1), st.integers(-20, 24))
    return nearby | short | st.floats(min_value=0)


def exact_numbers(type_: str, landed: str) -> st.SearchStrategy[Decimal]:
    """Draw what a landing type holds next to the largest of either type, and any other."""
    unit = Decimal(1).scaleb(-scale_of(landed))

    def number(bound: Decimal, steps: int) -> Decimal:
        with localcontext(prec=EXACT):
            return min(abs(bound // unit + steps) * unit, largest(landed))

    steps = st.integers(-12, 12) | st.integers(-(10**38), 10**38)
    return st.builds(number, st.sampled_from([largest(type_), largest(landed)]), steps)


@st.composite
def narrowed_columns(draw: st.DrawFn) -> tuple[str, str, Sequence[Number]]:
    """Draw a modeled type, a landing type and values of it."""
    type_ = draw(st.sampled_from(TYPES) | st.sampled_from(NUMERICS[-300:]))
    landed = draw(st.sampled_from(FLOATS) | st.sampled_from([*WHOLE]) | st.sampled_from(NUMERICS))
    drawn: st.SearchStrategy[Number] = doubles(type_) if landed in FLOATS else exact_numbers(type_, landed)
    if landed == "real":
        drawn = doubles(type_).map(as_real)
    signed = st.builds(lambda value, is_less: negated(value) if is_less else value, drawn, st.booleans())
    return type_, landed, draw(st.lists(signed, min_size=1, max_size=8))


def is_short(value: Decimal) -> bool:
    """Tell whether a number comes back from the DOUBLE that is nearest to it, whichever it is."""
    with localcontext(prec=400):
        return len(value.normalize().as_tuple().digits) <= 15


def must_fit(value: Number, type_: str) -> bool:
    """Tell whether a type holds a value; of a DOUBLE or REAL its shortest digits, if they are at most 15."""
    if type_ in FLOATS and isinstance(value, Decimal):
        return type_ != "real" and is_short(value)
    if type_ in FLOATS:
        return type_ != "real" or as_real(float(value)) == value
    shortest = value if isinstance(value, Decimal) else Decimal(repr(value))
    if isinstance(value, float) and not is_short(shortest):
        return False
    with localcontext(prec=400):
        return abs(shortest) <= largest(type_) and shortest == round(shortest, scale_of(type_))


def is_same(value: Number, narrowed: Decimal | None, type_: str) -> bool:
    """Tell whether a value was modeled as it landed: as a DOUBLE where it landed so, as a REAL where it is one."""
    if narrowed is None:
        return False
    if type_ == "real":  # whose text has the digits that tell it from other REALs
        return value in (as_real(float(narrowed)), float(narrowed))
    if type_ == "double precision":  # the nearest to 19.99, whose digits it has
        return float(narrowed) == (float(value) if isinstance(value, Decimal) and is_short(value) else value)
    return float(narrowed) == value if isinstance(value, float) else narrowed == value


def outcomes(
    warehouse: ModelWarehouse, narrowing: str, landed: str, values: Sequence[Number]
) -> list[tuple[str, Decimal | None]]:
    """Return reasons and narrowed value of each value. An error of any of them is raised."""
    rows = " union all ".join(f"select {n} as n, cast('{value}' as {landed}) as v" for n, value in enumerate(values))
    found = warehouse.transformer.rows(  # the driver rounds to 28 digits, a cast to text FLOATs to 15
        f"select reasons, case when narrowed is not null then json_serialize(cast(narrowed as super)) end "
        f"from (select n, {narrowing} from ({rows}) as landed) as narrow order by n"
    )
    return [(reasons, None if narrowed is None else Decimal(narrowed)) for reasons, narrowed in found]


@settings(max_examples=300)
@given(narrowed_columns())
def test_a_number_is_modeled_as_it_landed_or_has_one_reason(
    worker_warehouse: ModelWarehouse, narrowings: dict[str, str], column: tuple[str, str, Sequence[Number]]
) -> None:
    type_, landed, values = column
    found = outcomes(worker_warehouse, narrowings[type_], landed, values)
    for value, (reasons, narrowed) in zip(values, found, strict=True):
        said = f"{value!r} of {landed} as {type_}: {narrowed!r}, {reasons!r}"
        if must_fit(value, type_) or not reasons:
            assert reasons == "", said
            assert is_same(value, narrowed, type_), said
        else:
            assert reasons in ("v_out_of_range", "v_too_precise"), said


# The modeled type, the landing type, a value, and whether it is modeled
EDGES = [
    ("numeric(18,2)", "double precision", 1e16, False),
    ("numeric(18,2)", "double precision", 9999999999999998.0, False),
    ("numeric(18,2)", "double precision", -9999999999999990.0, True),
    ("numeric(18,2)", "numeric(18,2)", Decimal("9999999999999999.99"), True),
    ("numeric(38,37)", "numeric(38,37)", largest("numeric(38,37)").copy_negate(), True),
    ("numeric(38,0)", "numeric(38,0)", largest("numeric(38,0)"), True),
    ("numeric(38,0)", "double precision", 1e38, False),
    ("bigint", "double precision", 2.0**63, False),
    ("bigint", "double precision", 2.0**63 - 1024, True),
    ("bigint", "bigint", Decimal(2**63 - 1), True),
    ("bigint", "numeric(20,1)", Decimal("9223372036854775807.5"), False),
    ("numeric(5,2)", "numeric(5,2)", Decimal("-999.99"), True),
    ("numeric(5,2)", "numeric(6,3)", Decimal("999.995"), False),
    ("numeric(5,2)", "double precision", 999.995, False),
    ("numeric(5,2)", "double precision", 999.99, True),
    ("numeric(3,2)", "numeric(3,2)", Decimal("9.5"), True),
    ("numeric(4,4)", "numeric(4,4)", Decimal("0.9999"), True),
    ("numeric(19,2)", "numeric(20,2)", Decimal("92233720368547758.07"), True),
    ("numeric(19,2)", "numeric(20,2)", Decimal("92233720368547758.08"), False),
    ("numeric(19,2)", "numeric(20,2)", Decimal("-95000000000000000.00"), False),
    ("numeric(19,2)", "double precision", 95000000000000000.0, False),
    ("numeric(19,2)", "double precision", 92233720368547700.0, True),
    ("numeric(19,0)", "bigint", Decimal(2**63 - 1), True),
    ("numeric(19,0)", "bigint", Decimal(-(2**63)), False),
    ("numeric(19,19)", "numeric(38,19)", Decimal("0.9223372036854775808"), False),
    ("numeric(20,0)", "numeric(20,0)", Decimal(10**20 - 1), True),
    ("numeric(33,14)", "double precision", 1e19, False),
    ("numeric(33,14)", "double precision", 9999999999999990000.0, True),
    ("numeric(4,4)", "smallint", Decimal(1), False),
    ("numeric(8,0)", "real", 99999992.0, True),
    ("numeric(7,0)", "real", 1e7, False),
    ("double precision", "numeric(18,2)", Decimal("19.99"), True),
    ("double precision", "numeric(38,18)", Decimal("19.990000000000000000"), True),
    ("double precision", "numeric(18,2)", Decimal("-9999999999999.99"), True),
    ("double precision", "double precision", 0.1 + 0.2, True),
]
TOO_LONG = [("numeric(18,2)", Decimal("99999999999999.99")), ("bigint", Decimal(2**53 + 1))]


@pytest.mark.parametrize(("type_", "landed", "value", "is_modeled"), EDGES)
def test_the_largest_number_of_a_type_is_modeled_and_the_next_one_is_quarantined(
    worker_warehouse: ModelWarehouse,
    narrowings: dict[str, str],
    type_: str,
    landed: str,
    value: Number,
    is_modeled: bool,
) -> None:
    [(reasons, narrowed)] = outcomes(worker_warehouse, narrowings[type_], landed, [value])
    assert reasons == ("" if is_modeled else "v_out_of_range")
    assert is_same(value, narrowed, type_) if is_modeled else narrowed is None


@pytest.mark.parametrize(("landed", "value"), TOO_LONG)
def test_a_number_of_more_digits_than_a_double_keeps_is_too_precise(
    worker_warehouse: ModelWarehouse, narrowings: dict[str, str], landed: str, value: Decimal
) -> None:
    [(reasons, _)] = outcomes(worker_warehouse, narrowings["double precision"], landed, [value])
    assert reasons == "v_too_precise"


def test_a_nan_is_modeled_as_a_double(worker_warehouse: ModelWarehouse, narrowings: dict[str, str]) -> None:
    row = "select cast('NaN' as double precision) as v"
    sql = f"select reasons, cast(narrowed as varchar) from (select {narrowings['double precision']} from ({row}) as n)"
    assert worker_warehouse.transformer.rows(sql) == [("", "NaN")]
