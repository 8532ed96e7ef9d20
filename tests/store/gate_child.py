"""A process of its own with eight workers on one gate, for the tests of many processes.

``python gate_child.py DATABASE_URL VENDOR_URL NUMBER SECONDS THREADS``: call until the time is over
and print how often each status came.
"""

import json
import sys
import threading
import time
from collections import Counter

from cryptography.fernet import Fernet
from gate_kit import make_plugin, quota, read_headers

from hub.gate import ConnectionFacts, Gate
from hub.sdk import HubError, Rng, SystemClock
from hub.store.database import Database
from hub.vault.redact import Redactor
from hub.vault.sealing import Vault

CALLS, SECONDS = 100, 1.0


def main(database: str, url: str, number: str, seconds: str, threads: str) -> None:
    db = Database(database, SystemClock())
    vault = Vault([Fernet.generate_key().decode()], Redactor(), b"pepper" * 6)
    gate = Gate(db, vault, Rng(int(number)), f"host:boot:{number}:1")
    facts = ConnectionFacts(1, "erp", "fake", own_network=True, quota_share=90)
    plugin = make_plugin([quota(CALLS, SECONDS, read_headers=read_headers)])
    until = time.monotonic() + float(seconds)
    seen: Counter[str] = Counter()

    def work() -> None:
        while time.monotonic() < until:
            try:
                with gate.open(
                    facts, plugin, {"base_url": url},
                    should_stop=lambda: time.monotonic() >= until,
                ) as used:  # fmt: skip
                    while time.monotonic() < until:
                        seen[str(used.client.get().status)] += 1
            except HubError as error:
                seen[type(error).__name__] += 1
                time.sleep(0.05)

    workers = [threading.Thread(target=work) for _ in range(int(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    gate.close()
    db.close()
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
