# SPDX-License-Identifier: BSD-2-Clause
"""Coverage-guided fuzzing: ``python -m fuzz TARGET [-runs=N]`` in tests/, with atheris installed.

Seeds are the simulator's scenarios, thresholds of every notation, and every kind of answer; options after the target
are libFuzzer's.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["wabiz_monitoring._core", "wabiz_monitoring._edge.wire"]):
    from . import responses, targets
from . import framing, mutation

TARGETS = {**targets.TARGETS, "response": responses.response}

THRESHOLDS = ("10GiB:", "@0:500MB", "12h:", "~:30s", "logs=2GiB", "space=5GiB\nlogs=1GiB", "-30s:30s", "1.5d:", "5:10")
WORDS = ("support", "meta", "shards", "socket_conn", "errors", "device_iso8601", "expire_timestamp", "9.2e18", "role")


def _mutator(mutate: Callable[[bytes, int, int, Callable[[bytes, int], bytes]], bytes]) -> dict[str, Any]:
    return {"custom_mutator": lambda data, largest, seed: mutate(data, largest, seed, atheris.Mutate)}


MUTATORS = {"answer": _mutator(mutation.mutate), "response": _mutator(framing.mutate)}


def seeds(target: str, folder: Path) -> None:
    """Write what to start from."""
    if target == "threshold":
        examples = [text.encode() for text in THRESHOLDS]
    elif target == "response":
        examples = framing.seeds()
    else:
        command = Path(sys.executable).parent / "wabiz-simulator"
        names = subprocess.run([command, "--list"], capture_output=True, text=True, check=True).stdout.splitlines()
        examples = [
            subprocess.run([command, "--print", line.split()[0]], capture_output=True, check=True).stdout
            for line in names
        ]
    for number, example in enumerate(examples):
        (folder / str(number)).write_bytes(example)


def main() -> None:
    target, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="wabiz-fuzz-") as scratch:
        corpus = Path(scratch) / "corpus"
        corpus.mkdir()
        seeds(target, corpus)
        dictionary = Path(scratch) / "words"
        dictionary.write_text("".join(f'"\\"{word}\\""\n' for word in WORDS))
        arguments = [sys.argv[0], f"-dict={dictionary}", f"-artifact_prefix={target}-", *options, str(corpus)]
        with responses.in_memory():
            atheris.Setup(arguments, TARGETS[target], **MUTATORS.get(target, {}))
            atheris.Fuzz()


if __name__ == "__main__":
    main()
