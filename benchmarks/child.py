"""The measured hub process: opens the hub, notes its CPU seconds, syncs, prints what it cost.

``BENCH_PROFILE=1`` prints where the CPU time went: samples of the stack, a thousand a second, so
that nothing is slowed down by being watched.
"""

import json
import os
import resource
import signal
import sys
from collections import Counter
from dataclasses import asdict
from types import FrameType

from hub.runtime import build
from hub.runtime.process import tune_memory
from hub.runtime.sync import Sync

SHOWN = 90


def cpu() -> float:
    """User and system seconds of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Samples:
    """Counts functions on the stack, and those at its top, by CPU time."""

    def __init__(self) -> None:
        self.within: Counter[str] = Counter()
        self.itself: Counter[str] = Counter()
        self.total = 0

    def start(self) -> None:
        signal.signal(signal.SIGPROF, self._take)
        signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)

    def _take(self, _signal: int, frame: FrameType | None) -> None:
        names = []
        while frame is not None:
            names.append(f"{frame.f_code.co_filename[-45:]} {frame.f_code.co_qualname}")
            frame = frame.f_back
        self.total += 1
        self.itself[names[0]] += 1
        self.within.update(set(names))

    def show(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        print("within   itself", file=sys.stderr)
        for name, count in self.within.most_common(SHOWN):
            shares = (100 * count / self.total, 100 * self.itself[name] / self.total)
            print("{:5.1f} %  {:5.1f} %  ".format(*shares) + name, file=sys.stderr)


def main(mode: str, wait: float, flows: list[str]) -> None:
    runtime = build(keep_alive=True)
    tune_memory()
    started = cpu()
    samples = Samples() if os.environ.get("BENCH_PROFILE") else None
    if samples:
        samples.start()
    done = Sync(runtime, "BENCH").run(flows, mode=mode, wait=wait)
    spent = cpu() - started
    if samples:
        samples.show()
    runtime.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**asdict(done), "cpu": spent, "start_cpu": started, "peak_kb": peak}))


if __name__ == "__main__":
    main(sys.argv[2], float(sys.argv[3]), sys.argv[4:])
