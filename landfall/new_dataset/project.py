"""OPERATE: write a design into the dbt project. In: a `Design`, the project's folder. Out: new files; none is changed.

The templates bear the names of what they make and read as the SQL and YAML that they are: what dbt shall evaluate
stands in `{{ }}` and `{% %}`, what is filled in here in `[[ ]]` and `[% %]`.
"""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ingest_lambda.errors import ConfigError
from landfall.new_dataset.design import Design
from scripts.contracts import read_contracts

MODELS = Path("dbt_project/models")
PLAIN_WORD = re.compile(r"[a-z_]+(?: [a-z]+)?(?:\([0-9a-z]+\))?")
TEMPLATES = Path(__file__).with_name("templates")
# Template -> where it goes, in the order in which rows go through.
FILES = {
    "stg.sql": "staging/{domain}/stg_{dataset}.sql",
    "stg.yml": "staging/{domain}/stg_{dataset}.yml",
    "checked.sql": "gate/{domain}/int_{dataset}__checked.sql",
    "checked.yml": "gate/{domain}/int_{dataset}__checked.yml",
    "quarantine.sql": "gate/{domain}/quarantine_{dataset}.sql",
    "quarantine.yml": "gate/{domain}/quarantine_{dataset}.yml",
    "modeled.sql": "modeled/{domain}/{dataset}.sql",
    "modeled.yml": "modeled/{domain}/{dataset}.yml",
    "docs.md": "modeled/{domain}/_{dataset}__docs.md",
}
# ... and where a snapshot may be waited for.
PENDING_FILES = {
    "pending.sql": "gate/{domain}/pending_{dataset}.sql",
    "pending.yml": "gate/{domain}/pending_{dataset}.yml",
}
HISTORY_FILES = {
    "history.sql": "modeled/{domain}/{dataset}_history.sql",
    "history.yml": "modeled/{domain}/{dataset}_history.yml",
}
STAGED_COLUMNS = (
    *("_operation", "_narrowing_reasons", "_business_at", "_sequence_dataset", "_sequence", "_row_number"),
    *("_row_digest", "_dataset", "_file_id", "_source_file", "_file_modified_at", "_load_seq", "_loaded_at"),
)


def render(design: Design, root: Path) -> dict[Path, str]:
    """Return the files of a design and their content, by path under the project's folder `root`.

    Raises:
        ConfigError: the project has the dataset, one of its models, or one of the files already.
    """
    if not (root / "dbt_project.yml").is_file():
        raise ConfigError(f"{root} is no dbt project of Landfall: it has no dbt_project.yml")
    groups = declared_groups(root)
    owns_group = design.domain not in groups
    names = {"dataset": design.dataset, "domain": design.domain}
    source = "_{domain}__sources.yml" if owns_group else "_{domain}__{dataset}__sources.yml"
    extra = (PENDING_FILES if design.snapshot else {}) | (HISTORY_FILES if design.keeps_history else {})
    targets = {"sources.yml": f"landing/{source}", **FILES, **extra}
    paths = {template: MODELS / target.format(**names) for template, target in targets.items()}
    _refuse_what_is_there(design, root, list(paths.values()))
    engine = _engine()
    facts = {name: getattr(design, name) for name in dir(design) if not name.startswith("_")}
    facts |= {"owns_group": owns_group, "staged_columns": STAGED_COLUMNS}
    return {path: engine.get_template(template).render(facts) for template, path in paths.items()}


def write(files: Mapping[Path, str], root: Path) -> None:
    """Write the files; none may exist."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(content)


def declared_groups(root: Path) -> set[str]:
    """Return the names of the groups that own models: the domains."""
    texts = (path.read_text(encoding="utf-8") for path in (root / MODELS).rglob("*.yml"))
    documents = (yaml.safe_load(text) for text in texts if re.search("^groups:", text, re.MULTILINE))
    return {group["name"] for document in documents for group in document["groups"]}


def _refuse_what_is_there(design: Design, root: Path, paths: list[Path]) -> None:
    if design.dataset in read_contracts(root):
        raise ConfigError(f"the dataset {design.dataset} is declared already; nothing was written")
    models = {path.stem for path in (root / MODELS).rglob("*.sql")}
    if taken := sorted(models & {path.stem for path in paths if path.suffix == ".sql"}):
        raise ConfigError(f"the project has a model {taken[0]} already; nothing was written")
    if existing := [path for path in paths if (root / path).exists()]:
        raise ConfigError(f"{existing[0]} is there already; nothing was written")


def _engine() -> Environment:
    engine = Environment(
        loader=FileSystemLoader(TEMPLATES),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - SQL and YAML, no HTML: names and values are quoted by the filters
    )
    engine.filters |= {"yaml": plain_yaml, "flow": flow, "members": _members, "python": repr}
    return engine


def plain_yaml(value: Any) -> str:
    """Write a value as YAML: a plain word as it is, the rest as JSON, which is YAML too.

    >>> plain_yaml("varchar(64)"), plain_yaml("on"), plain_yaml("a: b"), plain_yaml(("a", 1)), plain_yaml(None)
    ('varchar(64)', '"on"', '"a: b"', '["a", 1]', 'null')
    """
    if isinstance(value, str) and PLAIN_WORD.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def flow(value: Any) -> str:
    """Write a value as YAML on one line.

    >>> flow({"operation": "__op", "codes": {"insert": ["c", "no"]}})
    "{operation: __op, codes: {insert: [c, 'no']}}"
    """
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=math.inf).strip()


def _members(values: Mapping[str, Any]) -> str:
    """Write the members of a YAML mapping.

    >>> _members({"order_id": "good", "line": 1})
    'order_id: good, line: 1'
    """
    return ", ".join(f"{name}: {plain_yaml(value)}" for name, value in values.items())
