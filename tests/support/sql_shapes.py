"""What a grammar sees of a statement: its names and literals are alike, and what a list repeats stands once.

By it thousands of statements become a few hundred, each short, that a slow grammar can be asked about.
"""

from collections.abc import Container, Iterable, Iterator
from functools import cache

from local.redshift.sql.tokens import NUMBER, PARAMETER, QUOTED, STRING, WORD, Token, tokenize

Part = str | list["Part"]  # a list is what stands in brackets
_UNIONS = frozenset({"union", "except", "minus", "intersect"})
_HEADS = frozenset(
    {"select", "distinct", "from", "where", "group", "order", "by", "having", "limit", "qualify", "join", "on", "using"}
    | {"set", "values", "insert", "into", "update", "delete", "merge", "with", "case", "when", "then", "else", "end"}
    | {"over", "partition"}
)
_SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})  # of PostgreSQL: kept, to be found
_NAMED = frozenset({"into", "table", "exists", "view", "references"})  # what follows is no function, though "(" comes


@cache
def keywords() -> frozenset[str]:
    """Return the words that sqlfluff's grammar knows."""
    from sqlfluff.core import FluffConfig  # its imports are only worth their time where this is used

    dialect = FluffConfig(overrides={"dialect": "redshift"}).get("dialect_obj")
    words = dialect.sets("reserved_keywords") | dialect.sets("unreserved_keywords")
    return frozenset(word.lower() for word in words)


def shapes(sql: str) -> list[str]:
    """Return the shapes of a statement: of its queries in brackets each by itself, and of each kind of column it makes.

    >>> shapes("select a.id, b.total, sum(b.total) from (select 1 as id) as a -- all")
    ['select 1 as id', 'select x.x , sum ( x.x ) from ( select 1 ) as x']
    >>> shapes("create table t (a int, b int, c date) diststyle even")
    ['create table x ( x int ) diststyle even', 'create table x ( x date ) diststyle even']

    Raises:
        RedshiftError: a character begins no token.
    """
    tokens = tokenize(sql)
    found: list[str] = []
    parts = _once(_nested(_word(tokens, place) for place in range(len(tokens) - 1)), found)
    place = next((place for place, part in enumerate(parts) if isinstance(part, list)), 0)
    if parts[:1] != ["create"] or "table" not in parts[:place] or "as" in parts[:place]:
        return [*found, _text(parts)]
    kinds = _split(parts[place], {","})
    return [*found, *(_text([*parts[:place], kind, *parts[place + 1 :]]) for _, kind in kinds)]


def _word(tokens: list[Token], place: int) -> str:
    token = tokens[place]
    match token.kind:
        case kind if kind == WORD:
            if tokens[place + 1].key == "(":
                head = place
                while head > 1 and tokens[head - 1].key == ".":
                    head -= 2
                return "x" if head and tokens[head - 1].key in _NAMED and token.key not in _NAMED else token.key
            if token.key in _SYSTEM_COLUMNS:
                return token.key
            is_name = len(token.key) == 1 or (place and tokens[place - 1].key == ".")
            return token.key if token.key in keywords() and not is_name else "x"
        case kind if kind == QUOTED:
            return "x"
        case kind if kind == NUMBER:
            return "1"
        case kind if kind == STRING:
            return token.text if token.text.startswith("$") else "'s'"
        case kind if kind == PARAMETER:
            return "'s'"
    return token.text


def _nested(words: Iterator[str]) -> list[Part]:
    parts: list[Part] = []
    for word in words:
        if word == ")":
            break
        parts.append(_nested(words) if word == "(" else word)
    return parts


def _once(parts: Iterable[Part], queries: list[str]) -> list[Part]:
    """Leave out what a union, a list between commas, or a chain of AND or OR has had before; take queries out."""
    folded: list[Part] = []
    for part in parts:
        inner = _once(part, queries) if isinstance(part, list) else part
        if isinstance(inner, list) and inner[:1] in (["select"], ["with"]):
            queries.append(_text(inner))
            inner = ["select", "1"]
        folded.append(inner)
    return _kept((operator, _once_in_lists(query)) for operator, query in _split(folded, _UNIONS))


def _once_in_lists(parts: list[Part]) -> list[Part]:
    kept: list[Part] = []
    for head, rest in _split(parts, _HEADS):
        kept += ([head] if head else []) + _kept(_split(rest, {"and", "or"} if "," not in rest else {","}))
    return kept


def _kept(items: Iterable[tuple[str, list[Part]]]) -> list[Part]:
    """Join what separators part, each once."""
    kept: list[Part] = []
    seen: list[list[Part]] = []
    for separator, item in items:
        if item not in seen or not item:
            kept += [separator, *item] if separator else item
            seen.append(item)
    return kept


def _split(parts: Part, separators: Container[str]) -> list[tuple[str, list[Part]]]:
    """Return what stands between separators, each with the one before it."""
    found: list[tuple[str, list[Part]]] = [("", [])]
    for part in parts:
        if isinstance(part, str) and part in separators and "between" not in found[-1][1]:
            found.append((part, []))
        else:
            found[-1][1].append(part)
    return found


def _text(parts: Iterable[Part]) -> str:
    return " ".join(_written(parts)).replace(" . ", ".").removesuffix(" ;")


def _written(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, list):
            yield from ("(", *_written(part), ")")
        else:
            yield part
