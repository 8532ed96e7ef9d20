"""R14: one limiter per quota of a connection, shared by all processes through the database."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hub.gate.quota import Account, Permit, guilty, read_state
from hub.gate.rows import load_window, save_window
from hub.gate.sql import Hot, light
from hub.gate.window import Window
from hub.sdk import QuotaSpec, QuotaState, RateLimited, Rng, retry_after
from hub.store.database import Database
from hub.store.transaction import Transaction

SLICE = 1.0
"""Seconds slept at a time, so that a stop is noticed."""
POLITE = 0.02
"""Seconds that bulk work steps back while a person waits."""
PERSON, BULK = "person", "bulk"
PERSON_WAITS = 20.0

Check = Callable[[Hot], None]
Also = Callable[[Transaction], None]


def _always(_hot: Hot) -> None:
    return


@dataclass(slots=True)
class _Heard:
    """What answers said since the last permit, per quota."""

    state: QuotaState | None = None
    heard_at: int = 0
    latency: float = 0.0
    began_at: int = 0


class Limiter:
    """Grants permits. Waiting happens outside of transactions, on the database's clock."""

    def __init__(self, db: Database, rng: Rng) -> None:
        self._db = db
        self._rng = rng
        self._lock = threading.Lock()
        self._memory: dict[tuple[str, str], Window] = {}
        self._heard: dict[tuple[str, str], _Heard] = {}
        self._persons: Counter[str] = Counter()
        self._slots: dict[tuple[str, str], threading.Semaphore] = {}

    def _places(
        self, account: Account, specs: list[QuotaSpec], should_stop: Callable[[], bool] | None
    ) -> list[threading.Semaphore]:
        """Take a place of every quota that limits concurrent calls (in this process).

        Never held while waiting for a window: a person must not queue behind a sleeper.
        """
        permit = Permit([])
        try:
            for spec in sorted(specs, key=lambda one: one.key):
                if spec.concurrent > 0:
                    slot = self._slot(account, spec)
                    while not slot.acquire(timeout=0.25):
                        _check_stop(should_stop, 1.0)
                    permit.held.append(slot)
        except BaseException:
            permit.release()
            raise
        return permit.held

    def _slot(self, account: Account, spec: QuotaSpec) -> threading.Semaphore:
        with self._lock:
            key = (account.name, spec.key)
            return self._slots.setdefault(key, threading.Semaphore(spec.concurrent))

    def acquire(
        self,
        account: Account,
        specs: list[QuotaSpec],
        *,
        priority: str = BULK,
        max_wait: float | None = None,
        should_stop: Callable[[], bool] | None = None,
        check: Check = _always,
        also: Also | None = None,
    ) -> Permit:
        """Wait for a permit of every quota in ``specs`` and take it in one transaction.

        In that very transaction, when the permit is sure, ``check`` runs (the circuit), and then
        ``also`` (lease, fence, intent), which makes the commit a durable one.
        Raises ``RateLimited`` when it would take longer than ``max_wait`` seconds or the caller
        is to stop, and whatever ``check`` and ``also`` raise (the permit is then not spent).
        """
        person = priority == PERSON
        if max_wait is None and person:
            max_wait = PERSON_WAITS
        waited = 0.0
        if person:
            self._step_up(account.name, 1)
        try:
            while True:
                if not person and self._persons[account.name] and waited < PERSON_WAITS:
                    pause = POLITE
                else:
                    held = self._places(account, specs, should_stop)
                    try:
                        share = 100 if person else account.share
                        permit, pause = self._try(account, specs, share, check, also)
                    except BaseException:
                        Permit([], held=held).release()
                        raise
                    if permit is not None:
                        permit.held = held
                        return permit
                    Permit([], held=held).release()
                if max_wait is not None and waited + pause > max_wait:
                    raise RateLimited(_used_up(specs, pause), retry_after=pause)
                waited += self._sleep(pause, should_stop)
        finally:
            if person:
                self._step_up(account.name, -1)

    def _step_up(self, name: str, by: int) -> None:
        with self._lock:
            self._persons[name] += by

    def _sleep(self, pause: float, should_stop: Callable[[], bool] | None) -> float:
        _check_stop(should_stop, pause)
        nap = min(pause, SLICE)
        self._db.clock.sleep(nap)
        return nap

    def _try(
        self, account: Account, specs: list[QuotaSpec], share: int, check: Check, also: Also | None
    ) -> tuple[Permit | None, float]:
        if account.id is None:
            with self._lock:
                permit, pause = self._grant(None, account, specs, share)
            if permit is not None and also is not None:
                with self._db.begin() as conn:
                    also(conn)
            return permit, pause
        if also is None:
            with light(self._db) as hot:
                permit, pause = self._grant(hot, account, specs, share)
                if permit is not None:
                    check(hot)
                return permit, pause
        with self._db.begin() as conn:
            hot = Hot(conn)
            permit, pause = self._grant(hot, account, specs, share)
            if permit is not None:
                check(hot)
                also(conn)
            return permit, pause

    def _grant(
        self, hot: Hot | None, account: Account, specs: list[QuotaSpec], share: int
    ) -> tuple[Permit | None, float]:
        now = self._db.now_ms()
        permit = Permit(specs, now)
        windows: list[tuple[QuotaSpec, Window]] = []
        pause = 0
        for spec in specs:
            window = self._load(hot, account, spec)
            window.roll(spec, now)
            self._tell(window, account, spec, now)
            wait, probe = window.take(spec, now, share)
            pause = max(pause, wait)
            if probe:
                permit.probes.add(spec.key)
            if window.started_at == now and window.used == 1:
                permit.begins.add(spec.key)
            windows.append((spec, window))
        if pause:
            return None, pause / 1000
        for spec, window in windows:
            self._save(hot, account, spec, window)
        return permit, 0.0

    def _tell(self, window: Window, account: Account, spec: QuotaSpec, now: int) -> None:
        # Kept until a newer answer replaces it: telling the same twice changes nothing.
        heard = self._heard.get((account.name, spec.key))
        if heard is None:
            return
        if heard.state is not None:
            window.learn(spec, heard.state, heard.heard_at, now)
        elif heard.began_at:
            window.learn_latency(spec, heard.latency, heard.began_at)

    def _load(self, hot: Hot | None, account: Account, spec: QuotaSpec) -> Window:
        if hot is None:
            return replace(self._memory.get((account.name, spec.key), Window()))
        return load_window(hot, account.id, spec.key)

    def _save(self, hot: Hot | None, account: Account, spec: QuotaSpec, window: Window) -> None:
        if hot is None:
            self._memory[account.name, spec.key] = window
        else:
            save_window(hot, account.id, spec.key, window)

    def answered(
        self, account: Account, permit: Permit, status: int, headers: Mapping[str, str], took: float
    ) -> None:
        """Tell the quotas of an answer: remember its headers, and on 429 make everybody wait."""
        if not permit.specs:
            return
        now = self._db.now_ms()
        states = {spec.key: read_state(spec, headers) for spec in permit.specs}
        for spec in permit.specs:
            state = states[spec.key]
            begins = spec.key in permit.begins
            if state is not None or begins:
                began = permit.granted_at if begins else 0
                self._heard[account.name, spec.key] = _Heard(state, now, took, began)
        if status == 429:
            said = retry_after(
                headers.get("retry-after") or headers.get("x-retry-after"), self._db.clock.now()
            )
            for spec in guilty(permit.specs, states):
                self._refuse(account, permit, spec, said, states[spec.key])
        elif permit.probes:
            passed = [spec for spec in permit.specs if spec.key in permit.probes]
            self._change(account, passed, lambda spec, window: window.resume(spec, now))

    def _refuse(
        self,
        account: Account,
        permit: Permit,
        spec: QuotaSpec,
        said: float | None,
        state: QuotaState | None,
    ) -> None:
        if said is None and state is not None:
            said = state.resets_in
        said_ms = None if said is None else int(min(said, 3600.0) * 1000)
        now, jitter = self._db.now_ms(), self._rng.uniform(0, 1)
        probe = spec.key in permit.probes
        self._heard.pop((account.name, spec.key), None)
        self._change(
            account,
            [spec],
            lambda _spec, window: window.refuse(now, said_ms, probe=probe, jitter=jitter),
        )

    def refuse(self, account: Account, spec: QuotaSpec, said: float | None) -> None:
        """A plugin said ``RateLimited`` by other signs than a 429: everybody waits."""
        self._refuse(account, Permit([spec]), spec, said, None)

    def failed(self, account: Account, permit: Permit) -> None:
        """A probe got no answer: the next caller is the probe."""
        probing = [spec for spec in permit.specs if spec.key in permit.probes]
        if probing:
            now = self._db.now_ms()
            self._change(account, probing, lambda _spec, window: setattr(window, "wait_until", now))

    def _change(
        self,
        account: Account,
        specs: list[QuotaSpec],
        change: Callable[[QuotaSpec, Window], Any],
    ) -> None:
        if account.id is None:
            with self._lock:
                for spec in specs:
                    window = self._load(None, account, spec)
                    change(spec, window)
                    self._save(None, account, spec, window)
            return
        with light(self._db) as hot:
            for spec in specs:
                window = self._load(hot, account, spec)
                change(spec, window)
                self._save(hot, account, spec, window)


def _used_up(specs: list[QuotaSpec], pause: float) -> str:
    names = ", ".join(spec.label or spec.key for spec in specs)
    return f"The quota is used up ({names}). Calls go on in {pause:.0f} seconds."


def _check_stop(should_stop: Callable[[], bool] | None, pause: float) -> None:
    if should_stop is not None and should_stop():
        raise RateLimited("Stopped while waiting for the quota.", retry_after=pause)
