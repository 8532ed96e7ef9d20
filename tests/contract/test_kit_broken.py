"""No rule without a connector that breaks it, and no broken connector that gets through."""

import pytest

from hub.testing import checks
from hub.testing.kit import Kit
from hub.testing.rules import CHECKS, CheckFailed, NotApplicable
from hub.testing.watch import means_of
from tests.contract import broken
from tests.contract.broken.table import FOLDER, PAGES, message

checks.load()
BROKEN = broken.load()


def failing(kit: Kit) -> dict[str, CheckFailed]:
    found = {}
    for name, check in CHECKS.items():
        try:
            check.run(kit)
        except CheckFailed as error:
            found[name] = error
        except NotApplicable:
            continue
    return found


def test_every_rule_has_a_broken_connector() -> None:
    assert BROKEN.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", BROKEN)
def test_the_rule_sees_it_and_says_what_to_do(name: str) -> None:
    error = message(name)
    seen, _, remedy = str(error).partition("\nWhat to do: ")
    assert remedy == error.remedy
    assert len(remedy) > 20
    assert "healthy case" not in seen, "it fails by an accident, not by the rule"


@pytest.mark.parametrize("one", broken.FURTHER, ids=lambda one: f"{one.check} {one.wrong}"[:60])
def test_other_ways_to_break_a_rule_are_seen_too(one: broken.Broken) -> None:
    with one.kit() as kit, pytest.raises(CheckFailed):
        CHECKS[one.check].run(kit)


OWN = [
    "import requests", "import requests as r", "from requests import Session", "import httpx",
    "from urllib import request", "import urllib.request", "from http.client import HTTPConnection",
    "import socket", "import threading", "from concurrent.futures import ThreadPoolExecutor",
    "from time import sleep", "import time as t\nt.sleep(1)", "import time\ntime.monotonic()",
    "from datetime import datetime as d\nd.now()", "import datetime as dt\ndt.datetime.utcnow()",
    "from datetime import date\ndate.today()", "import random", "import subprocess",
    "import os\nos.system('x')", "__import__('requests')",
    "import importlib\nimportlib.import_module('urllib3')", "from hub.gate import Gate",
    "from hub import gate", "import hub.store.tables", "import asyncio",
]  # fmt: skip
GOOD = [
    "from hub.sdk import Http", "from hub import sdk", "from urllib.parse import quote",
    "from datetime import UTC, datetime\ndatetime.fromisoformat('x')", "import time\ntime.strptime",
    "from http import HTTPStatus", "from .client import Client", "import os\nos.path",
]  # fmt: skip


@pytest.mark.parametrize("source", OWN)
def test_own_means_are_seen_in_the_source(source: str) -> None:
    assert list(means_of(source))


@pytest.mark.parametrize("source", GOOD)
def test_what_a_connector_may_use_is_let_be(source: str) -> None:
    assert list(means_of(source)) == []


@pytest.mark.parametrize("page", PAGES)
def test_the_reference_is_what_the_kit_prints(page: str) -> None:
    stated = (FOLDER / page).read_text(encoding="utf-8")
    assert stated == PAGES[page](), "run: python -m tests.contract.broken.table"


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_few_other_rules_see_it_too(name: str) -> None:
    with BROKEN[name].kit() as kit:
        found = failing(kit)
    assert name in found
    print(name, "also:", ", ".join(sorted(found.keys() - {name})) or "none")
