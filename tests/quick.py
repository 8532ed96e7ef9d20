"""What makes a test run quick: work that is the same every time is done once per process.

The results stay the ones that the hub's own code gave the first time, so what is broken there is
still found. Nothing here changes what is checked, only how often it is computed and where it lies.
"""

import gc
import os
import shutil
import tempfile
import threading
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

from hub.registry import discovery
from hub.settings import passwords
from hub.store import schema
from hub.store.database import Database, sqlite_module

MEMORY = Path("/dev/shm")
ROOM = 1 << 30
FOLDER = pytest.StashKey[str]()
BROWSER_FIRST, CRASH_SECOND, REST = range(3)
SCAN = discovery.scan
"""Looks for installed plugins each time, for tests that install some."""

FULL_COST = passwords.HASHER
FULL_NOBODY = passwords.NOBODY
"""The hasher that a hub outside these tests uses."""


def keep_files_in_memory(config: pytest.Config) -> None:
    """Let ``tmp_path`` lie in memory: a test's data need not outlive the machine, a disk's sync costs."""
    if hasattr(config, "workerinput") or config.option.basetemp:
        return
    if memory := roomy_memory():
        config.option.basetemp = config.stash[FOLDER] = tempfile.mkdtemp(
            prefix="hub-tests-", dir=memory
        )


def roomy_memory() -> Path | None:
    """The folder that lies in memory; None when there is none or it is nearly full."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        return MEMORY
    return None


def forget_files(config: pytest.Config) -> None:
    """Give the memory back."""
    if folder := config.stash.get(FOLDER, None):
        shutil.rmtree(folder, ignore_errors=True)


class CompiledTemplates(BytecodeCache):
    """Every app of a test has an environment of its own; the same template is compiled once."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if found := self._kept.get(bucket.key):
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


class MigratedOnce:
    """``schema.upgrade`` that gives an empty SQLite file a copy of what the first upgrade made."""

    def __init__(self) -> None:
        self._upgrade, self._made, self._head = schema.upgrade, None, ""
        self._one_at_a_time = threading.Lock()

    def __call__(self, database: Database) -> str:
        with self._one_at_a_time:
            return self._give(database)

    def _give(self, database: Database) -> str:
        if not database.is_sqlite or schema.current(database) is not None:
            return self._upgrade(database)
        with database.engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            if self._made is not None:
                self._made.backup(raw)
                return self._head
        self._head = self._upgrade(database)
        made = sqlite_module().connect(":memory:", check_same_thread=False)
        with database.engine.connect() as connection:
            raw = connection.connection.driver_connection
            raw.backup(made)
        self._made = made
        return self._head


def build_rules_once() -> None:
    """Every app of a test has the same addresses: what builds one of them is compiled once."""
    compiled: dict[Any, Any] = {}
    compile_builder = Rule._compile_builder

    def once(rule: Rule, append_unknown: bool = True) -> Any:
        defaults = sorted((rule.defaults or {}).items(), key=repr)
        key = (tuple(rule._trace), repr(defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    Rule._compile_builder = once  # type: ignore[method-assign]  # on purpose, see above


@cache
def scan_once() -> list[Any]:
    """What is installed beside the tests does not change while they run."""
    return SCAN()


def do_once() -> None:
    """Compile templates and addresses once, migrate once, hash passwords at the lowest cost."""
    build_rules_once()
    discovery.scan = scan_once  # type: ignore[assignment]  # on purpose, see above
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": CompiledTemplates()}
    schema.upgrade = MigratedOnce()
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords.NOBODY = passwords.HASHER.hash("no account has this password")


def look_for_garbage_rarely() -> None:
    """What was imported stays for the whole run: looking through it again and again helps nobody."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def arranged(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Keep browser walks in the order they are written in, and begin with what takes longest."""
    place = {id(item): number for number, item in enumerate(items) if "browser" in item.keywords}
    yield
    items.sort(
        key=lambda item: (BROWSER_FIRST, place[id(item)]) if id(item) in place
        else (CRASH_SECOND if "crash" in item.keywords else REST, 0)
    )  # fmt: skip
