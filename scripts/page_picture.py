"""The README's picture: the operator's page of the stack that runs here. In: that stack, Chromium. Out: a PNG.

    make demo && python -m scripts.page_picture

It needs Chromium on the path (Debian: `apt-get install chromium`), and takes what `landfall report --html` writes, so
that the picture is of the demonstration's own data.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "page.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1280, 1850  # the tiles, the datasets and the gates; the rest is for who opens it
MOST_BYTES = 300_000
SECONDS = 120.0


def write_page(folder: Path) -> str:
    """Let the command line write the page; return its address."""
    landfall = Path(sys.executable).with_name("landfall")
    command = [str(landfall), "report", "--html", "--no-open", "--json", "--output", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise SystemExit(done.stderr.strip())
    url: str = json.loads(done.stdout)["url"]
    return url


def take(url: str, picture: Path) -> None:
    """Take a picture of a page, in light colours whatever the machine prefers."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise SystemExit(f"none of {', '.join(BROWSERS)} is on the path: apt-get install chromium")
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--user-data-dir={profile}", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={picture}", url]
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)  # noqa: S603 - found on the path
    if picture.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{picture} has {picture.stat().st_size:,} bytes, more than {MOST_BYTES:,}")


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description="Take the README's picture of the operator's page.")
    parser.add_argument("--output", type=Path, default=PICTURE, help="where it goes (docs/page.png)")
    output = parser.parse_args().output.resolve()
    with tempfile.TemporaryDirectory() as folder:
        take(write_page(Path(folder)), output)
    print(output)


if __name__ == "__main__":
    main()
