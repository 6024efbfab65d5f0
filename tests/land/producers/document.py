"""The table of producers in docs/producers.md, as their modules say it: `python -m tests.land.producers.document`."""

from importlib import import_module
from pathlib import Path

from local.home import ROOT
from tests.land.producers.producer import Modeled, Producer

PAGE = ROOT / "docs" / "producers.md"
BEGIN, END = "<!-- producers: begin -->", "<!-- producers: end -->"
HEAD = "| producer | what lands | what to set | what is refused or ignored, and why | made by |"
HERE = Path(__file__).parent
NOT_A_PRODUCER = "test_documented"


def modules() -> list[str]:
    """Name the producers' modules."""
    return sorted(path.stem for path in HERE.glob("test_*.py") if path.stem != NOT_A_PRODUCER)


def modeled() -> list[Modeled]:
    """List what the modules have modeled of files that are no changes."""
    loaded = [import_module(f"tests.land.producers.{name}") for name in modules()]
    return [module.MODELED for module in loaded if hasattr(module, "MODELED")]


def section() -> str:
    """Write the table."""
    rows: list[str] = []
    for name in modules():
        producer = import_module(f"tests.land.producers.{name}").PRODUCER
        assert isinstance(producer, Producer)
        rows.append(producer.row(name))
    return "\n".join([BEGIN, "", HEAD, "|---|---|---|---|---|", *rows, "", END])


def written(text: str) -> str:
    """Cut the section out of the page."""
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def main() -> None:
    """Write the section anew."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.replace(written(text), section()), encoding="utf-8")


if __name__ == "__main__":
    main()
