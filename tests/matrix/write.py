"""Let one writer write each of its types, and say what it reads back.

    python tests/matrix/write.py FOLDER WRITER

Runs in the matrix' own environment (`make matrix`). A file has the columns `id`, from 1, and `v`: the values, then
NULL. `FOLDER/WRITER.json` gets the writer's version, and of each type the file's name and its values, or the error that
writing or reading it back ended with.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))


def tried(module: Any, folder: Path, type_: str, number: int) -> dict[str, Any]:
    """Write one type and read it back."""
    from words import word  # type: ignore[import-not-found]  # beside this script, which is run by its path

    path = folder / f"{module.NAME}_{number:02}.parquet"
    try:
        module.write(path, module.TYPES[type_])
    except BaseException as error:  # a panic of Rust is no Exception
        return {"type": type_, "error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
    try:
        return {"type": type_, "file": path.name, "values": [word(value) for value in module.read(path)]}
    except BaseException as error:
        unread = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        return {"type": type_, "file": path.name, "unread": unread}


def main() -> None:
    """Write all types of the writer that is named."""
    folder, name = Path(sys.argv[1]), sys.argv[2]
    module = importlib.import_module(f"writers.{name}_writer")
    told = {"writer": module.NAME, "version": module.VERSION}
    told["types"] = [tried(module, folder, type_, number) for number, type_ in enumerate(module.TYPES, start=1)]
    (folder / f"{name}.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
