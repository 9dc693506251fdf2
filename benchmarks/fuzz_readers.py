"""Every reader against inputs that somebody broke on purpose: none may raise, none may take more than linear time.

    .venv/bin/python -m benchmarks.fuzz_readers [--inputs 1000000] [--seed 1] [--processes 2] [--minutes 30]
        [--no-growth]

Inputs are the examples of tests/readers/examples, changed byte by byte, spliced with one another, and repeated. Each
goes to its own reader, and every eighth to the choice of a reader and to another reader, too. An input takes about half
a millisecond of a core; each part tells how many a second it did, the last line the sums. With `--minutes` no part
begins later than that. Then shapes that make careless readers slow are read at three sizes, and the time must grow with
the size (some minutes). One JSON object a line; exit 1 if anything was found.
"""

import argparse
import itertools
import json
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import suppress
from functools import partial
from typing import Any

from csirt.errors import Invalid
from csirt.model.detection import Detection, fingerprint
from csirt.model.ports import Reader
from csirt.readers.formats import as_row, choose, readers
from tests.readers.examples import given

PART = 5_000  # inputs of one seed
LONGEST = 16_384  # bytes of one input: growth is looked at by itself
MOST_MEMORY = 512  # MB of a process; more is a finding
SIZES = (131_072, 262_144, 524_288)
SHORTEST = 0.05  # seconds below which a growth says nothing
GROWTH = 3.5  # allowed from one size to its double; linear is 2, quadratic 4
TOKENS = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b"\\",
        b"|",
        b"=",
        b"\n",
        b"\r\n",
        b"\t",
        b",",
        b":",
        b"\0",
        b"\xff",
        b"\xe3\x81",
        b"#",
    ),
    *(
        b"null",
        b"true",
        b"-1",
        b"1e999",
        b"9" * 30,
        b"0.0000000001",
        b'"\\ud800"',
        b'"\\u0000"',
        b"NaN",
        b"{}",
        b"[[[[",
        b"]]]]",
    ),
    *(
        b"CEF:0|",
        b"LEEF:2.0|",
        b"LEEF:1.0|",
        b"1,2026/06/10 10:12:41,0,THREAT,",
        b"[**] [1:2:3] ",
        b"\x1b$B",
        b"\x1b(B",
        b"=?utf-8?B?",
    ),
    *(
        b"?=",
        b"Content-Type: multipart/mixed; boundary=a\n\n--a\n",
        b"#fields\t",
        b"=" * 50,
        b" " * 200,
        b"a" * 2_000,
        b"\xf0\x9f\x98\x80",
    ),
)
SLOW: dict[str, Callable[[int], bytes]] = {
    "open brackets": lambda size: b"[" * size,
    "open objects": lambda size: b'{"a":' * (size // 5),
    "open strings": lambda size: b'{"' * (size // 2),
    "quotes": lambda size: b'"' * size,
    "backslashes": lambda size: b'{"a":"' + b"\\" * size,
    "pipes": lambda size: b"CEF:0|" + b"|" * size,
    "keys": lambda size: b"CEF:0|a|b|c|d|e|5|" + b"a=b " * (size // 4),
    "equals": lambda size: b"LEEF:1.0|a|b|c|d|" + b"a=" * (size // 2),
    "pairs": lambda size: b"date=1 srcip=2 msg=3 " + b"a=" * (size // 2),
    "piped": lambda size: b"time=1|src=2|" + b"a=b|" * (size // 4),
    "markers": lambda size: b"CEF:0|" * (size // 6),
    "lines": lambda size: b"a\n" * (size // 2),
    "objects": lambda size: b"{}\n" * (size // 3),
    "commas": lambda size: b"1," * (size // 2),
    "envelope": lambda size: b'{"value":[' + b'{"id":1},' * (size // 9) + b"]}",
    "envelopes": lambda size: b'{"value":[{"id":1}]}\n' * (size // 21),
    "headers": lambda size: b"Subject: x\n" * (size // 11),
    "folded": lambda size: b"Subject: x\n" + b" y\n" * (size // 3),
    "encoded words": lambda size: b"From: a@b\nSubject: " + b"=?utf-8?B?4pGg?= " * (size // 17),
    "labels": lambda size: b"From: a@b\nTo: c\n\n" + "■検知日時：".encode() * (size // 18),
    "label lines": lambda size: b"From: a@b\nTo: c\n\n" + "■検知：x\n".encode() * (size // 12),
    "html": lambda size: b"From: a@b\nContent-Type: text/html\n\n" + b"<" * size,
    "blanks": lambda size: b"From: a@b\nTo: c\n\n" + b" " * size,
    "json in json": lambda size: json.dumps(
        [{"rule": "x", "priority": "y", "output": "z", "output_fields": "[" * size}]
    ).encode(),
    "wide list": lambda size: (
        b'{"accountId":1,"type":"a","severity":[' + b"1," * (size // 2) + b'1],"service":{"detectorId":1}}'
    ),
    "zeek": lambda size: b"#fields\ta\tb\n" + b"\t" * size,
    "csv": lambda size: b"message,datetime,timestamp_desc\n" + b'"a\n' * (size // 3),
}


def changed(chance: random.Random, names: list[str]) -> tuple[str, bytes]:
    """An example of one format with something done to it."""
    name = chance.choice(names)
    data = bytearray(given(name))
    for _ in range(chance.randrange(1, 9)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(6)
        if kind == 0:
            data[at:at] = chance.choice(TOKENS)
        elif kind == 1:
            data[at : at + chance.randrange(1, 40)] = b""
        elif kind == 2 and at < len(data):
            data[at] = chance.randrange(256)
        elif kind == 3:
            other = given(chance.choice(names))
            data[at:at] = other[chance.randrange(len(other)) :][: chance.randrange(400)]
        elif kind == 4:
            data[at:at] = data[at : at + chance.randrange(200)]
        else:
            data[at : at + chance.randrange(1, 20)] = chance.choice(TOKENS)
    return name, bytes(data[:LONGEST])


def check(reader: Reader, data: bytes) -> int:
    """Read an input and look at all that comes out; returns how many records there were."""
    count = 0
    for record in reader.read(data):
        count += 1
        json.dumps(as_row(record), ensure_ascii=False).encode()
        if isinstance(record.result, Detection):
            fingerprint(record.result)
    return count


def fuzz(inputs: int, seed: int) -> dict[str, Any]:
    """So many inputs; what was raised is told with the seed that makes it again."""
    chance = random.Random(seed)
    by_name = {one.format: one for one in readers()}
    names = list(by_name)
    records, raised = 0, []
    begun, used = time.perf_counter(), time.process_time()
    for number in range(inputs):
        name, data = changed(chance, names)
        try:
            if number % 8 == 0:
                with suppress(Invalid):
                    choose(data)
                records += check(by_name[chance.choice(names)], data)
            records += check(by_name[name], data)
        except Exception as error:  # noqa: BLE001 what is looked for here
            raised.append(f"{name} input {number}: {type(error).__name__}")
    seconds, used = time.perf_counter() - begun, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "inputs": inputs,
        "seed": seed,
        "records": records,
        "raised": raised,
        "seconds": round(seconds, 1),
        "a_second": round(inputs / seconds),
        "ms_of_a_core": round(used / inputs * 1000, 3),
        "memory_mb": memory,
    }


def growths() -> Iterator[dict[str, Any]]:
    """For each shape and reader the time at each size; only what grows too quickly is told, and the slowest of all."""
    slowest = (0.0, "", "")
    ways: dict[str, Callable[[bytes], object]] = {"choice": choose}  # of a reader: it asks every one of them
    ways |= {reader.format: partial(check, reader) for reader in readers()}
    for shape, make in SLOW.items():
        for name, way in ways.items():
            times = [_seconds(way, make(size)) for size in SIZES]
            slowest = max(slowest, (times[-1], shape, name))
            if times[-1] > SHORTEST and times[-1] > GROWTH * max(times[-2], 1e-4):
                times = [_seconds(way, make(size)) for size in SIZES]  # once more: the machine may have paused
                if times[-1] > GROWTH * max(times[-2], 1e-4):
                    yield {"shape": shape, "reader": name, "seconds": [round(one, 3) for one in times]}
    yield {"slowest_seconds": round(slowest[0], 3), "bytes": SIZES[-1], "shape": slowest[1], "reader": slowest[2]}


def _seconds(way: Callable[[bytes], object], data: bytes) -> float:
    begun = time.process_time()
    with suppress(Invalid):
        way(data)
    return time.process_time() - begun


def all_parts(inputs: int, seed: int, processes: int, minutes: float) -> bool:
    """Part after part in so many processes, none begun later than `minutes`; False if something was found."""
    parts, begun = -(-inputs // PART), time.perf_counter()
    done = found = 0
    left = iter(range(seed, seed + parts))
    with ProcessPoolExecutor(processes) as pool:
        running = {pool.submit(fuzz, min(PART, inputs), one) for one in itertools.islice(left, processes)}
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for result in (one.result() for one in finished):
                done += result["inputs"]
                found += len(result["raised"]) + (result["memory_mb"] > MOST_MEMORY)
                tell(result)
                if time.perf_counter() - begun < minutes * 60 and (following := next(left, None)) is not None:
                    running.add(pool.submit(fuzz, min(PART, inputs), following))
    seconds = time.perf_counter() - begun
    tell({"inputs": done, "found": found, "seconds": round(seconds, 1), "a_second": round(done / seconds)})
    return not found


def tell(line: dict[str, Any]) -> None:
    """One line, at once."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Fuzz, then look at growth; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--minutes", type=float, default=24 * 60)
    parser.add_argument("--no-growth", action="store_true")
    given_ = parser.parse_args()
    sound = all_parts(given_.inputs, given_.seed, given_.processes, given_.minutes)
    for growth in () if given_.no_growth else growths():
        sound = sound and "slowest_seconds" in growth
        tell(growth)
    return int(not sound)


if __name__ == "__main__":
    sys.exit(main())
