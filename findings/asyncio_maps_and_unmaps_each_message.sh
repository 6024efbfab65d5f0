#!/bin/sh
# CPython 3.11.7 on glibc 2.36: a server on asyncio pays for each message, however short, with mmap, mremap and munmap and
# a fresh page or two: the loop receives into 256 KiB, which malloc maps (above 128 KiB) and the cut to the message's length
# keeps from raising that threshold. A process that has once freed one large block does not, so that importing pyarrow,
# numpy or botocore, or `bytearray(1 << 20)` once, makes the same server faster: here some 40 us of 140 a statement.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/server.py" <<'PYTHON'
import asyncio
import platform
import resource
import sys

MESSAGES = 2_000
if sys.argv[1] == "freed":
    bytearray(1 << 20)


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def main():
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(MESSAGES):
        writer.write(b"select 1")
        await reader.readexactly(8)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    print(f"CPython {platform.python_version()}, {' '.join(platform.libc_ver())}, {sys.argv[1]}:", end=" ")
    print(f"{faults / MESSAGES / 2:.2f} page faults a message received")
    assert (faults < MESSAGES / 10) == (sys.argv[1] == "freed"), faults


asyncio.run(main())
PYTHON
python3 "$folder/server.py" lean
python3 "$folder/server.py" freed
