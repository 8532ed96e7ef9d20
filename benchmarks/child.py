"""The measured hub process: opens the hub, notes its CPU seconds, syncs, prints what it cost."""

import cProfile
import json
import os
import pstats
import resource
import sys
import time
from dataclasses import asdict

from hub.runtime import build
from hub.runtime.sync import Sync


def cpu() -> float:
    """User and system seconds of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(mode: str, flows: list[str]) -> None:
    runtime = build(keep_alive=True)
    started = cpu()
    profile = cProfile.Profile(time.process_time) if os.environ.get("BENCH_PROFILE") else None
    if profile:
        profile.enable()
    done = Sync(runtime, "BENCH").run(flows, mode=mode)
    if profile:
        profile.disable()
        pstats.Stats(profile, stream=sys.stderr).sort_stats("cumtime").print_stats(200)
    spent = cpu() - started
    runtime.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**asdict(done), "cpu": spent, "start_cpu": started, "peak_kb": peak}))


if __name__ == "__main__":
    main(sys.argv[2], sys.argv[3:])
