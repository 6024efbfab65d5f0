"""Every statement that the product's users have sent in a run of the tests: does it hold in Redshift's documentation?

The local Redshift writes statements down (local/redshift/shapes.py). Each shape has to parse under its grammar and
under sqlfluff's, to call only functions of functions.tsv, and to hold nothing that UNDOCUMENTED marks. What does not,
and is right, stands in EXCUSED with its page.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from landfall.deploy.bootstrap import LOADER, READER, TRANSFORMER
from local.files import read_json, write_json
from local.redshift.copy_statement import parse_copy
from local.redshift.errors import RedshiftError
from local.redshift.external.statement import external_command
from local.redshift.rewrite import needs_of, rewrite
from local.redshift.sql.functions import FUNCTIONS
from local.redshift.unload_statement import parse_unload
from local.redshift.warehouse import ADMIN
from tests.support.run_folder import TESTS
from tests.support.sql_shapes import shapes

USERS = (LOADER, TRANSFORMER, READER, ADMIN)
# Where the tests of the local Redshift itself speak as the administrator, much of it wrong on purpose. Elsewhere the
# product does so by the Data API alone; who has a session is a test that looks or breaks something.
_OF_ADMINS_TESTS = "services"
UNDOCUMENTED = Path(__file__).with_name("undocumented_sql.tsv")
EXCUSED = Path(__file__).with_name("excused_sql.tsv")
_KEPT = TESTS / "parses" / "sql_shapes.json"
_NODE = re.compile(r'"node_id": "([^"]+)"')
# Forms of the grammar that sqlfluff takes for functions.
_FORMS = frozenset({"cast", "convert", "extract", "position", "substring", "trim", "try_cast"})
# Pages that speak of PostgreSQL's functions in general, or of what is supported no longer: not of how to call one.
_UNDOCUMENTED_PAGES = frozenset(
    {"c_sql-functions-leader-node", "c_unsupported-postgresql-functions", "Date_functions_header"}
)


@dataclass(frozen=True)
class Noted:
    """A statement that has run: by whom, in which home of the run's."""

    user: str
    home: str
    text: str

    @property
    def origin(self) -> str:
        """Say where it came from: dbt names its node in a comment."""
        node = _NODE.search(self.text)
        return f"{self.user}, {self.home}{f', {node[1]}' if node else ''}"


@dataclass(frozen=True)
class Parsed:
    """What sqlfluff makes of a shape: what it cannot parse ('' if it can), and the functions that are called."""

    unparsed: str
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Mark:
    """A line of a list: a pattern of shapes, why it stands there, and the page."""

    kind: str
    pattern: str
    reason: str
    page: str


@dataclass(frozen=True)
class Fault:
    """What is wrong with a shape: of which kind, in words."""

    kind: str
    words: str


def noted(folder: Path) -> Iterator[Noted]:
    """Return what the product's users have sent, with success: what is wrong on purpose has failed."""
    for file in sorted(folder.glob("*.jsonl")):
        home = file.name.rpartition("-")[0]
        for line in file.read_text(encoding="utf-8").splitlines():
            said = json.loads(line)
            is_of_tests = said["user"] == ADMIN and (home == _OF_ADMINS_TESTS or not said["is_data_api"])
            if said["user"] in USERS and not is_of_tests and said["status"] == "success":
                yield Noted(said["user"], home, said["text"])


def by_shape(statements: Iterable[Noted]) -> dict[str, Noted]:
    """Return the first statement of each shape."""
    found: dict[str, Noted] = {}
    for statement in statements:
        for shape in shapes(statement.text):
            found.setdefault(shape, statement)
    return found


def parsed(wanted: Iterable[str], is_whole: bool = False) -> dict[str, Parsed]:
    """Return what sqlfluff makes of shapes; what this release of it has said before is not asked again.

    Args:
        wanted: the shapes.
        is_whole: whether they are all that there are, so that what was said of others is forgotten.
    """
    kept = read_json(_KEPT)
    names = {shape: hashlib.sha256(f"{version('sqlfluff')} {shape}".encode()).hexdigest()[:24] for shape in wanted}
    missing = [shape for shape, name in names.items() if name not in kept]
    kept |= {names[shape]: [found.unparsed, *found.functions] for shape, found in _asked(missing)}
    if missing:
        write_json(_KEPT, {name: kept[name] for name in names.values()} if is_whole else kept)
    return {shape: Parsed(kept[name][0], tuple(kept[name][1:])) for shape, name in names.items()}


def _asked(wanted: list[str]) -> Iterator[tuple[str, Parsed]]:
    if not wanted:
        return
    from sqlfluff.core import FluffConfig, Linter  # its imports are only worth their time where this is used

    linter = Linter(config=FluffConfig(overrides={"dialect": "redshift", "templater": "raw"}))  # by its compiled parser
    for shape in wanted:
        root = linter.parse_string(shape).tree
        assert root is not None
        bad = [segment.raw for segment in root.recursive_crawl("unparsable")]
        called = {segment.raw.lower() for segment in root.recursive_crawl("function_name")}
        yield shape, Parsed(bad[0] if bad else "", tuple(sorted(called)))


def faults_of(shape: str, statement: Noted, found: Parsed, undocumented: Iterable[Mark]) -> Iterator[Fault]:
    """Say what is wrong with one shape."""
    try:
        if not any(parse(statement.text) for parse in (parse_copy, parse_unload, external_command)):
            needed = needs_of(shape)
            if needed is None:
                rewrite(statement.text.replace("'***'", "'Hidden00'"))  # local/redshift/history.py hides what opens
            for name in needed.functions if needed else ():
                yield Fault("function", f"calls {name}(), which functions.tsv does not list")
    except RedshiftError as error:
        yield Fault("grammar", f"the local Redshift says: {error.message}")
    if found.unparsed:
        yield Fault("sqlfluff", f"sqlfluff cannot parse `{found.unparsed[:120]}`")
    for name in {name.rpartition(".")[2] for name in found.functions} - _FORMS:
        function = FUNCTIONS.get(name)
        if function is None:
            yield Fault("function", f"calls {name}(), which functions.tsv does not list")
        elif function.page in _UNDOCUMENTED_PAGES:
            yield Fault("undocumented", f"calls {name}(), which is not documented")
    for mark in undocumented:
        if re.search(mark.pattern, shape):
            yield Fault("undocumented", f"{mark.reason} ({mark.page})")


def faults(
    statements: Mapping[str, Noted], said: Mapping[str, Parsed], undocumented: list[Mark], excused: list[Mark]
) -> tuple[list[str], list[str]]:
    """Say what is wrong with the product's SQL, and which excuses nothing needed."""
    found: list[str] = []
    used: set[Mark] = set()
    for shape, statement in statements.items():
        for fault in dict.fromkeys(faults_of(shape, statement, said[shape], undocumented)):
            excuses = [mark for mark in excused if mark.kind == fault.kind and re.search(mark.pattern, shape)]
            used |= set(excuses)
            if not excuses:
                found.append(f"{fault.words}\n  from {statement.origin}\n  {' '.join(statement.text.split())[:600]}")
    idle = [f"{EXCUSED.name}: {mark.kind} {mark.pattern}" for mark in excused if mark not in used]
    return found, [f"nothing that was sent needs this excuse any longer:\n  {each}" for each in idle]


def marks(table: Path) -> list[Mark]:
    """Return the lines of a list."""
    with table.open(encoding="utf-8", newline="") as file:
        return [Mark(**row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def judge(folder: Path, is_whole: bool) -> tuple[list[str], int]:
    """Return what is wrong with the statements of a run, and how many shapes they have."""
    statements = by_shape(noted(folder))
    found, idle = faults(statements, parsed(statements, is_whole), marks(UNDOCUMENTED), marks(EXCUSED))
    return found + idle * is_whole, len(statements)
