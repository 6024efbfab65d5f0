"""What a cold start of the ingest function takes, and how large the zips are.

    python -m benchmarks.cold_start

packages the functions as a deployment does, unpacks the ingest function's zip, and starts fresh interpreters that find
nothing but what it holds and write no compiled modules, since a function's folder cannot be written. They take turns;
printed is the median of each. What Lambda adds (fetching the zip, starting its own runtime) cannot be seen here.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from scripts.package import build

TWO_CLIENTS = "import boto3; boto3.client('s3'); boto3.client('redshift-data')"
STARTS = {
    "boto3 and its two clients": TWO_CLIENTS,
    "the handler imported": "import ingest_lambda.handler",
    "the handler imported, and boto3's two clients": f"import ingest_lambda.handler; {TWO_CLIENTS}",
    "the handler ready for its first batch": "from ingest_lambda.handler import runtime; runtime()",
    "pyarrow.parquet": "import pyarrow.parquet",
    "powertools' Logger": "from aws_lambda_powertools import Logger",
    "powertools' Tracer, which is not used": "from aws_lambda_powertools import Tracer",
}
# Before and after `code` in one process, so that the interpreter's own start is left out.
TOLD = """
import time
started, started_cpu = time.perf_counter(), time.process_time()
{code}
seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - started_cpu
status = open("/proc/self/status").read()
print(seconds * 1000, cpu_seconds * 1000, int(status.partition("VmHWM:")[2].split()[0]) / 1024)
"""
ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "LANDFALL_BUCKET": "none",
    "LANDFALL_ENVIRONMENT": "benchmark",
    "LANDFALL_DATABASE": "none",
    "LANDFALL_WORKGROUP": "none",
    "LANDFALL_SECRET_ARN": "none",
    "LANDFALL_COPY_ROLE_ARN": "none",
    "LANDFALL_FAILURE_TOPIC_ARN": "none",
    "LANDFALL_EVENT_BUS": "none",
    "LANDFALL_LEASE_TABLE": "none",
}


def start(code: str, folder: Path) -> tuple[float, float, float]:
    """Run the code in a fresh interpreter that sees the unpacked zip; return wall ms, CPU ms and MB."""
    program = f"import sys; sys.path = [{str(folder)!r}, *[p for p in sys.path if 'site-packages' not in p]]\n"
    done = subprocess.run(  # noqa: S603 - the code above
        [sys.executable, "-ISB", "-c", program + TOLD.format(code=code)],
        env=ENVIRONMENT,
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    milliseconds, cpu_milliseconds, megabytes = map(float, done.stdout.split()[-3:])
    return milliseconds, cpu_milliseconds, megabytes


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=11)
    options = parser.parse_args()
    packages = build()
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(packages[0].path) as archive:
            archive.extractall(folder)
        runs = [{name: start(code, Path(folder)) for name, code in STARTS.items()} for _ in range(options.runs)]
    print("| start | ms | CPU ms | of boto3's | peak MB |\n| --- | --- | --- | --- | --- |")
    baseline = statistics.median(run["boto3 and its two clients"][1] for run in runs)
    for name in STARTS:
        wall, cpu, megabytes = (statistics.median(run[name][part] for run in runs) for part in range(3))
        print(f"| {name} | {wall:.0f} | {cpu:.0f} | {cpu / baseline:.2f} | {megabytes:.0f} |")
    print("\n| zip | MB | MB unpacked |\n| --- | --- | --- |")
    for package in packages:
        print(f"| {package.name} | {package.zipped / 2**20:.0f} | {package.unzipped / 2**20:.0f} |")


if __name__ == "__main__":
    main()
