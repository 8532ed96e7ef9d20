"""Plugins that do what no plugin may: each ends in quarantine with its reason, and the hub goes on.

docs/reference/quarantine.md names each of these cases.
"""

from pathlib import Path

import pytest

from hub.registry import Registry
from hub.registry.guard import PluginBug
from hub.registry.probe import Limits
from hub.sdk import Direction, Window

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "reference" / "quarantine.md"
QUICK = Limits(seconds=3.0, memory_mb=400)

HOOK = "@hookimpl\n"
AT_APPROVAL = {
    "import error": ("import no_such_module\n", "ModuleNotFoundError"),
    "syntax error": ("def (\n", "SyntaxError"),
    "ends the process on import": ("import os\nos._exit(3)\n", "tried to end the process"),
    "sys.exit on import": ("import sys\nsys.exit(0)\n", "tried to end the process"),
    "hangs on import": ("import time\nwhile True: time.sleep(1)\n", "did not come back within"),
    "1 GB of text": ('HUGE = "x" * (1 << 30)\n', "more than 400 MB of memory"),
    "kills itself": ("import os\nos.kill(os.getpid(), 11)\n", "signal 11"),
    "misspelt hook": (f"{HOOK}def hub_extrakt(client):\n    return 1\n", "no hook hub_extrakt"),
    "wrong return type": (
        f"{HOOK}def hub_parameters():\n    return 'base_url'\n",
        "hub_parameters",
    ),
    "endless generator": (
        f"{HOOK}def hub_parameters():\n    while True:\n        yield ParameterSpec('a', 'A')\n",
        "hub_parameters",
    ),
    "duplicate parameter": (
        (
            f"{HOOK}def hub_parameters():\n"
            "    return [ParameterSpec('a', 'A'), ParameterSpec('a', 'B')]\n"
        ),
        "two parameters have the same name: a",
    ),
    "duplicate action type": (
        (
            f"{HOOK}def hub_action_types():\n"
            "    one = ActionType('customer', 'C', 'customer', Direction.EXTRACT, '{base_url}/x')\n"
            "    return [one, one]\n"
        ),
        "two action types have the same",
    ),
    "wrong SDK version": (
        "INFO = PluginInfo('NAME', 'N', '1', '', '', '9.0', Role.ERP)\n",
        "SDK 9.0",
    ),
    "another key than its name": (
        "INFO = PluginInfo('other', 'N', '1', '', '', SDK_VERSION, Role.ERP)\n",
        "its key is other",
    ),
    "missing hook": (
        "del hub_test_connection\n",
        "the required hook hub_test_connection is missing",
    ),
    "raises in a description": (
        (
            f"{HOOK}def hub_quotas(settings):\n    return []\n"
            f"{HOOK}def hub_action_types():\n    raise RuntimeError('boom')\n"
        ),
        "boom",
    ),
}
"""What is wrong: the module's text behind the usual one, and what the page says."""
TRIED = {"ends the process on import", "misspelt hook", "endless generator", "wrong SDK version"}

AT_WORK = {
    "endless empty pages": (
        f"{HOOK}def hub_extract(client, action, window):\n    while True:\n        yield Page(())\n",
        "1,000 empty pages came in a row",
    ),
    "no page at all": (
        f"{HOOK}def hub_extract(client, action, window):\n    return ['row']\n",
        "a Page was expected",
    ),
    "1 GB in a record": (
        (
            f"{HOOK}def hub_extract(client, action, window):\n"
            "    yield Page((Record('K', {'a': 'x' * 6_000_000}),))\n"
        ),
        "more text than",
    ),
    "ends the process in a hook": (
        f"import os\n{HOOK}def hub_extract(client, action, window):\n    os._exit(3)\n    yield\n",
        "tried to end the process",
    ),
    "a bare exception": (
        f"{HOOK}def hub_extract(client, action, window):\n    raise KeyError('row')\n    yield\n",
        "KeyError",
    ),
}


def reasons(runtime):
    return {name: item.reason for name, item in runtime.registry.found.items()}


@pytest.mark.parametrize(
    "case",
    [c if c in TRIED else pytest.param(c, marks=pytest.mark.slow) for c in AT_APPROVAL],
)
def test_a_bad_plugin_is_kept_out_with_its_reason_and_the_hub_goes_on(site, start, case):
    body, said = AT_APPROVAL[case]
    site.plugin("bad", body)
    runtime = start(registry=Registry(limits=QUICK))
    found = runtime.approvals.approve("bad", "mara")
    assert found.plugin is None
    assert found.state == "quarantined"
    assert said in found.reason, found.reason
    assert len(found.reason) <= 700
    assert {"acumatica", "bigcommerce"} <= set(runtime.registry.plugins)


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("case", AT_WORK)
def test_a_plugin_that_goes_wrong_at_work_is_named_and_ends_nobody(site, start, case):
    body, said = AT_WORK[case]
    site.plugin("bad", body)
    runtime = start()
    runtime.approvals.approve("bad", "mara")
    plugin = runtime.registry.get("bad")
    with pytest.raises(PluginBug) as raised:
        for _ in plugin.extract(None, plugin.action("customer", Direction.EXTRACT), Window()):
            pass
    assert said in str(raised.value)
    assert "bad" in str(raised.value)


@pytest.mark.usefixtures("trusting")
def test_what_a_plugin_prints_stands_in_the_log_and_not_in_an_answer(site, start, capsys):
    site.plugin("bad", f"{HOOK}def hub_quotas(settings):\n    print('hello')\n    return []\n")
    runtime = start()
    runtime.approvals.approve("bad", "mara")
    runtime.registry.get("bad").quotas({})
    assert "hello" not in capsys.readouterr().out


@pytest.mark.usefixtures("trusting")
def test_a_thread_of_a_plugin_that_dies_ends_nothing(site, start):
    body = (
        "import threading\n"
        f"{HOOK}def hub_quotas(settings):\n"
        "    one = threading.Thread(target=lambda: None, daemon=True)\n"
        "    one.start()\n    one.join()\n"
        "    return [QuotaSpec('all', 'All', 60, 60.0)]\n"
    )
    site.plugin("bad", body)
    runtime = start()
    runtime.approvals.approve("bad", "mara")
    assert [spec.key for spec in runtime.registry.get("bad").quotas({})] == ["all"]


def test_the_document_names_every_case():
    text = TABLE.read_text(encoding="utf-8")
    for case in (*AT_APPROVAL, *AT_WORK):
        assert f"| {case} |" in text, case
