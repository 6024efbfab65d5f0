"""OPERATE: change the columns of an entity that the project has. In: its files, a change. Out: `Edits`.

An entity's files are those that `new-dataset` writes, and those that people have written alike. What has another shape
is left alone, and said: the file, and what to write there.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import yaml

from ingest_lambda.errors import ConfigError
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import parse_type
from ingest_lambda.warehouse.statements import fold_case
from landfall.new_dataset import edits
from landfall.new_dataset.columns import (
    TAKEN,
    TAKEN_BY_HISTORY,
    LandedColumn,
    ModelColumn,
    is_modeled,
    landing_type,
    model_columns,
)
from landfall.new_dataset.project import MODELS, TEMPLATES
from landfall.operate.names import did_you_mean
from scripts.contracts import read_contracts

MODELED, STAGED = "{{ modeled_columns() }}", "{{{{ change_columns('{dataset}') }}}},"
# Words that these files have whatever their columns are called: a column of such a name cannot be told from them.
WORD = re.compile(r"\w+")
FILE_WORDS = frozenset(
    word
    for template in ("stg.sql", "checked.sql", "modeled.sql", "history.sql", "checked.yml", "modeled.yml", "stg.yml")
    for word in WORD.findall((TEMPLATES / template).read_text(encoding="utf-8"))
)


PLAIN_TYPES = frozenset(
    ("smallint", "integer", "bigint", "real", "double precision", "boolean", "date", "timestamp", "time")
)
MODELED_TYPE = re.compile(rf"{'|'.join(PLAIN_TYPES)}|varchar\(\d+\)|(numeric|decimal)\(\d+\s*,\s*\d+\)")


@dataclass
class Edits:
    """New texts by path under the project's folder, and what a person must do: `by_hand` a file and what to write.

    `look_at`: other models that read the entity and have a word like the column.
    """

    texts: dict[Path, str] = field(default_factory=dict)
    by_hand: list[tuple[Path, str]] = field(default_factory=list)
    look_at: list[str] = field(default_factory=list)


class Entity:
    """The files of an entity, and edits of them; nothing is written."""

    def __init__(self, root: Path, name: str) -> None:
        """Find the files.

        Raises:
            ConfigError: the project has no such entity.
        """
        self.root, self.name = root, name
        self.edits = Edits()
        modeled = {path.stem: path for path in (root / MODELS / "modeled").rglob("*.yml")}
        found = {stem for stem in modeled if (modeled[stem].with_suffix(".sql")).exists()}
        if name not in found or f"entity: {name}," not in modeled[name].read_text(encoding="utf-8"):
            raise ConfigError(
                f"{root} models no entity {name}{did_you_mean(name, found) or '.'} There are {', '.join(sorted(found))}"
            )
        self.modeled = modeled[name].relative_to(root)
        self.staging = self._path("staging", f"stg_{name}.yml")
        self.staging_sql = self.staging.with_suffix(".sql")
        self.checked = self._path("gate", f"int_{name}__checked.yml")
        history = self.modeled.with_name(f"{name}_history.yml")
        self.history = history if (root / history).exists() else None
        self.docs = self.modeled.with_name(f"_{name}__docs.md")
        meta = yaml.safe_load(self.text(self.modeled))["models"][0]["config"]["meta"]
        self.datasets: list[str] = list(meta["datasets"])

    @property
    def columns(self) -> dict[str, str]:
        """Return the modeled columns and their types, without Landfall's own."""
        found = edits.declared(self.text(self.staging), f"stg_{self.name}")
        return {name: type_ for name, type_ in found.items() if type_ and not name.startswith("_")}

    @property
    def key(self) -> list[str]:
        """Return the columns of the key: those that the quarantine names."""
        columns = edits.declared(
            self.text(self._path("gate", f"quarantine_{self.name}.yml")), f"quarantine_{self.name}"
        )
        return [name for name in columns if name != "reject_reason" and not name.startswith("_")]

    def text(self, path: Path) -> str:
        """Return a file as it is, edited so far."""
        return self.edits.texts.get(path) or (self.root / path).read_text(encoding="utf-8")

    def modeled_column(self, dataset: str, landed: LandedColumn, name: str | None, type_: str | None) -> ModelColumn:
        """Name and type a landing column of one of its datasets.

        Raises:
            ConfigError: the dataset is none of its own, the column cannot be modeled, or the name is taken or no name.
        """
        if dataset not in self.datasets:
            raise ConfigError(f"{self.name} is modeled from {', '.join(self.datasets)}, not from {dataset}")
        if not is_modeled(landed):
            raise ConfigError(f"{landed.name!r} holds bytes, which stay in landing")
        taken = TAKEN | (TAKEN_BY_HISTORY if self.history else set())
        found = model_columns(self.name, [landed], taken)[0]
        if name is not None:
            value = found.selected.removesuffix(f" as {found.name}")
            found = ModelColumn(
                found.landing, _plain(name, taken), found.type, f"{value} as {name}" if value != name else name,
                f"{self.name}__{name}", found.is_json,
            )  # fmt: skip
        if found.name in self.columns:
            raise ConfigError(f"{self.name} has a column {found.name} already; name this one otherwise: --as NAME")
        chosen = _type(type_) if type_ else found.type
        return ModelColumn(found.landing, found.name, chosen, found.selected, found.doc, found.is_json)

    def add(self, dataset: str, landed: LandedColumn, column: ModelColumn, *, is_unfilled: bool = False) -> Edits:
        """Take a landing column in. `is_unfilled`: rows that are modeled already stay without it.

        Raises:
            ConfigError: it keeps a history, whose versions are told apart by all their columns.
        """
        if is_unfilled and self.history:
            raise ConfigError(
                f"{self.name} keeps its history, in which versions are told apart by all their columns: the column is "
                "filled in all of them, or none would be the same as before (leave out --from-now-on)"
            )
        if self._has(self.docs) and f"docs {column.doc} %" not in self.text(self.docs):
            block = f"{{% docs {column.doc} %}}\n{column.meaning}\n{{% enddocs %}}\n\n"
            self._keep(self.docs, self.text(self.docs) + block)
        said = column.description if self._has(self.docs) else column.meaning
        self._declare_landed(dataset, landed, said)
        for each in self.datasets:
            line = column.selected if each == dataset else f"cast(null as {column.type}) as {column.name}"
            instead = f"add `{line},` to what is selected from {each}"
            self._edit(self.staging_sql, instead, edits.add_selected, STAGED.format(dataset=each), line)
        for path, owner in self._contracts():
            instead = f"declare the column {column.name} of {owner}, {column.type}"
            self._edit(path, instead, edits.add_declared, owner, column.name, column.type, said)
        self._edit(self.modeled.with_suffix(".sql"), f"add `{column.name},` to its columns", _add_modeled, column.name)
        if self.history:
            path = self.history.with_suffix(".sql")
            self._edit(path, f"add '{column.name}' to its columns", _add_to_history, column.name)
        self._unset("dropped_columns", column.name)
        if is_unfilled:
            self._set("unfilled_columns", column.name)
        else:
            self._unset("unfilled_columns", column.name)
        return self.edits

    def rename(self, name: str, new: str) -> Edits:
        """Call a modeled column otherwise; its landing column keeps its name.

        Raises:
            ConfigError: there is no such column, or the new name is taken or no name.
        """
        self._require(name)
        if _plain(new, TAKEN | (TAKEN_BY_HISTORY if self.history else set())) in self.columns:
            raise ConfigError(f"{self.name} has a column {new} already")
        for dataset in self.datasets:
            instead = f"call {new} what it takes from {dataset} as {name}"
            change = partial(edits.selected_as, name=name, new=new)
            self._edit(self.staging_sql, instead, edits.change_selected, STAGED.format(dataset=dataset), name, change)
        self._keep(self.staging_sql, self.text(self.staging_sql).replace(f"'{name}'", f"'{new}'"))
        owners = dict(self._contracts())
        for path in self._paths():
            if path == self.staging_sql:
                continue
            if name not in FILE_WORDS:
                self._keep(path, edits.rename_words(self.text(path), name, new))
            elif path in owners:
                self._edit(path, f"call the column {name} {new}", edits.rename_declared, owners[path], name, new)
            elif path.suffix == ".sql":
                self._keep(path, edits.rename_listed(self.text(path), name, new))
            elif name in self.key:
                self.edits.by_hand.append((path, f"write {new} where {name} means the column"))
        self.edits.look_at += self._readers(name)
        return self.edits

    def drop(self, name: str) -> Edits:
        """Take a column out of the models; landing keeps it.

        Raises:
            ConfigError: there is no such column, or it tells one row, or one version of it, from another.
        """
        self._require(name)
        if name in self.key or f"'{name}'" in self.text(self.staging_sql):
            raise ConfigError(
                f"{name} tells one row of {self.name}, or one version of it, from another: it cannot be dropped"
            )
        for dataset in self.datasets:
            instead = f"take {name} out of what it takes from {dataset}"
            self._edit(self.staging_sql, instead, edits.change_selected, STAGED.format(dataset=dataset), name, None)
        for path, owner in self._contracts():
            self._edit(path, f"take out the column {name}", edits.drop_declared, owner, name)
        for model in filter(None, (self.modeled, self.history)):
            self._edit(model.with_suffix(".sql"), f"take out {name}", _drop_modeled, name)
        self._set("dropped_columns", name)
        self._unset("unfilled_columns", name)
        for path in self._paths():
            lines = self.text(path).splitlines()
            for number in edits.mentions(self.text(path), name):
                if "dropped_columns" not in lines[number - 1]:
                    line = lines[number - 1].strip()
                    self.edits.by_hand.append((path, f"line {number} still speaks of it: {line}"))
        self.edits.look_at += self._readers(name)
        return self.edits

    def retype(self, name: str, type_: str) -> Edits:
        """Give a modeled column another type; its landing column keeps its own.

        Raises:
            ConfigError: there is no such column, or no such type, or its cast would lose what no reason tells.
        """
        self._require(name)
        chosen = _type(type_)
        if chosen == "boolean":  # its cast makes 5 true, and no condition compares a BOOLEAN with every type
            for dataset in self.datasets:
                self._require_boolean(dataset, name)
        for path, owner in self._contracts():
            instead = f"declare {name} of {owner} as {chosen}"
            self._edit(path, instead, edits.retype_declared, owner, name, chosen)
        self.edits.look_at += self._readers(name)
        return self.edits

    def write(self) -> list[Path]:
        """Write the new texts; return the files that differ now."""
        changed = [path for path, text in self.edits.texts.items() if self._differs(path, text)]
        for path in changed:
            (self.root / path).write_text(self.edits.texts[path], encoding="utf-8", newline="\n")
        return changed

    def changed(self) -> list[Path]:
        """Return the files that would differ."""
        return [path for path, text in self.edits.texts.items() if self._differs(path, text)]

    def _differs(self, path: Path, text: str) -> bool:
        return (self.root / path).read_text(encoding="utf-8") != text

    def _path(self, layer: str, file: str) -> Path:
        found = sorted((self.root / MODELS / layer).rglob(file))
        if not found:
            raise ConfigError(
                f"{self.name} has no {file} below {MODELS / layer}: its files are not as new-dataset's are"
            )
        return found[0].relative_to(self.root)

    def _contracts(self) -> list[tuple[Path, str]]:
        """List the YAMLs that declare its columns, each with the model that they are of."""
        found = [
            (self.staging, f"stg_{self.name}"),
            (self.checked, f"int_{self.name}__checked"),
            (self.modeled, self.name),
        ]
        return [*found, *([(self.history, f"{self.name}_history")] if self.history else [])]

    def _paths(self) -> Iterator[Path]:
        """List its models, SQL and YAML; the words about its columns are elsewhere."""
        for path, _ in self._contracts():
            yield path.with_suffix(".sql")
            yield path
        for view in ("quarantine", "pending"):
            yield from (
                path.relative_to(self.root) for path in (self.root / MODELS / "gate").rglob(f"{view}_{self.name}.*")
            )

    def _has(self, path: Path) -> bool:
        return (self.root / path).exists()

    def _keep(self, path: Path, text: str) -> None:
        self.edits.texts[path] = text

    def _edit(self, path: Path, instead: str, edit: Callable[..., str | None], *arguments: object) -> None:
        """Edit a file; where that cannot be done, say what to write there `instead`."""
        after = edit(self.text(path), *arguments)
        if after is None:
            self.edits.by_hand.append((path, instead))
        else:
            self._keep(path, after)

    def _set(self, setting: str, name: str) -> None:
        instead = f"add `{setting}: [{name}]` to config.meta"
        self._edit(self.modeled, instead, edits.add_to_meta, self.name, setting, name)

    def _unset(self, setting: str, name: str) -> None:
        self._keep(self.modeled, edits.take_from_meta(self.text(self.modeled), setting, name))

    def _declare_landed(self, dataset: str, landed: LandedColumn, description: str) -> None:
        contract = read_contracts(self.root).get(dataset)
        if contract and any(fold_case(column["name"]) == landed.name for column in contract["columns"]):
            return
        type_ = landing_type(landed.type)
        for path in sorted((self.root / MODELS / "landing").rglob("*.yml")):
            if re.search(rf"(?m)^ *- name: {dataset}$", path.read_text(encoding="utf-8")):
                instead = f"declare the column {landed.name} of {dataset}, {type_}"
                source = path.relative_to(self.root)
                self._edit(source, instead, edits.add_declared, dataset, landed.name, type_, description)

    def _require_boolean(self, dataset: str, name: str) -> None:
        """Refuse a column that is selected as it landed, and did not land as a BOOLEAN."""
        selected = edits.selected_column(self.text(self.staging_sql), STAGED.format(dataset=dataset), name)
        contract = read_contracts(self.root).get(dataset)
        declared = contract["columns"] if contract else []
        types = {fold_case(column["name"]): column.get("data_type") for column in declared}
        landed = types.get(fold_case(selected or ""))
        if landed and parse_type(landed) != sqltypes.BOOLEAN:
            raise ConfigError(
                f"{name} lands in {dataset} as {landed}: as a boolean every number but 0 would be true. Say in "
                f"{self.staging_sql} what is true, as `{selected} = 1 as {name}`, and retype it then"
            )

    def _require(self, name: str) -> None:
        if name not in self.columns:
            raise ConfigError(
                f"{self.name} has no column {name}{did_you_mean(name, self.columns) or '.'} "
                f"It has {', '.join(self.columns)}"
            )

    def _readers(self, name: str) -> list[str]:
        """Name the other models that read the entity and have the word."""
        own = {self.root / path for path in self._paths()}
        reads = re.compile(
            rf"\bref\(['\"](?:{self.name}|{self.name}_history|stg_{self.name}|int_{self.name}__checked)['\"]"
        )
        found = []
        for path in sorted((self.root / "dbt_project").rglob("*.sql")):
            text = path.read_text(encoding="utf-8")
            if path not in own and reads.search(text) and re.search(rf"\b{name}\b", text):
                found.append(str(path.relative_to(self.root)))
        return found


def _plain(name: str, taken: set[str]) -> str:
    column = model_columns("x", [LandedColumn(name, sqltypes.BIGINT)], taken)[0]
    if column.name != name:
        raise ConfigError(
            f"{name!r} cannot name a column: lower-case letters, digits and underscores, no reserved word"
        )
    return name


def _type(said: str) -> str:
    """Check a type, and spell it as models do.

    >>> _type("DECIMAL(12,2)"), _type("Varchar(64)")
    ('decimal(12,2)', 'varchar(64)')
    """
    spelled = said.strip().lower()
    if not MODELED_TYPE.fullmatch(spelled):
        raise ConfigError(
            f"{said!r} is no type of a modeled column: {', '.join(sorted(PLAIN_TYPES))}, varchar(BYTES) or "
            "numeric(DIGITS,OF_THEM_BEHIND_THE_POINT)"
        )
    try:
        found = parse_type(spelled)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if found.name == "VARCHAR" and not 0 < found.arguments[0] <= sqltypes.MAX_VARCHAR:
        raise ConfigError(f"{said}: a text has at most {sqltypes.MAX_VARCHAR} bytes")
    return re.sub(r"\s*,\s*", ",", spelled)


def _add_modeled(text: str, name: str) -> str | None:
    """Select it; where a delete is hard, a deleted row loses it as it loses the others."""
    if "unless_deleted([" in text:
        after, count = re.subn(r"(?m)^( *)(\]\) \}\},)$", rf"\1    '{name}',\n\1\2", text)
        return after if count == 1 else None
    return edits.add_selected(text, MODELED, name)


def _add_to_history(text: str, name: str) -> str | None:
    after, count = re.subn(r"(?ms)(\{% set columns = \[\n.*?)(^\] %\}$)", rf"\1    '{name}',\n\2", text)
    return after if count == 1 else None


def _drop_modeled(text: str, name: str) -> str | None:
    after, count = re.subn(rf"(?m)^ +'?{name}'?,\n", "", text)
    return after if count == 1 else None
