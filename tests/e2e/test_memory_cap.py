"""A first load of 200,000 customers in a process that may not have more than 512 MB (F69)."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.measure import world  # noqa: E402 - the path to it is set above

CAP = 512 * 1024 * 1024


def load(count: int) -> tuple[int, int]:
    """Load so many customers under the cap; returns how many were read, and peak memory in KB."""

    def capped() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (CAP, CAP))

    with world(count, 0) as (hub, _erp, _shop):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.child", "sync", "incremental", "0", "customer"],
            env=hub.environ, cwd=ROOT, preexec_fn=capped, text=True, capture_output=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.strip().splitlines()[-1])
    return int(said["flows"]["customer"]["read"]), int(said["peak_kb"])


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("count", [20_000, 200_000])
def test_a_large_first_load_needs_no_more_memory_than_a_small_one(count: int) -> None:
    _, small = load(2_000)
    read, large = load(count)
    print(f"{count:,} customers: {large / 1024:.0f} MB, 2,000: {small / 1024:.0f} MB")
    assert read == count
    assert large * 1024 < CAP
    assert large < small * 1.25
