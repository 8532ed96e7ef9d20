"""Plugins that are broken, one way each, and what the Plugins page says of them."""

from typing import NamedTuple


class Bad(NamedTuple):
    """``what`` it does, in words; the code that does it; the text that is shown.

    ``child``: only a real child process survives it. Without ``said`` it works all the same.
    """

    what: str
    body: str
    said: str
    child: bool = False


HOOK = "@hookimpl\ndef {}:\n    {}\n"


def hook(signature, body):
    return HOOK.format(signature, body)


BAD = {
    "no_import": Bad(
        "imports a library that is not installed",
        "import no_such_library",
        "its import failed: ModuleNotFoundError: No module named 'no_such_library'",
    ),
    "syntax": Bad("is no valid Python", "def broken(:", "its import failed: SyntaxError: invalid syntax"),
    "raises": Bad(
        "raises while it is imported", "1 / 0",
        "its import failed: ZeroDivisionError: division by zero",
    ),
    "leaves": Bad(
        "ends the process with `os._exit` while it is imported",
        "import os, sys\nsys.modules['os'].__dict__['_exit'].__wrapped__(7)",
        "it ended the process (exit status 7) while its module was imported",
        child=True,
    ),
    "exits": Bad(
        "calls `sys.exit` or `os._exit` while it is imported", "import os\nos._exit(0)",
        "it tried to end the process while its module was imported",
    ),
    "kills": Bad(
        "kills its process",
        "import os\nos.kill(os.getpid(), 11)",
        "it ended the process (signal 11) while its module was imported",
        child=True,
    ),
    "hangs": Bad(
        "does not come back from its import", "while True: pass",
        "it did not come back within 20 seconds while its module was imported",
        child=True,
    ),
    "eats": Bad(
        "fills the memory: a text of 1 GB",
        "x = 'x' * (1 << 30)",
        "it needs more than 1024 MB of memory",
        child=True,
    ),
    "long": Bad(
        "describes itself with a text far too long",
        hook("hub_plugin_info()", "return PluginInfo('NAME', 'L', '1', 'x' * 5_000_000, '', '1.0', Role.ERP)"),
        "hub_plugin_info: in its PluginInfo, summary is 5,000,000 characters long, at most 4,000 are",
    ),
    "types": Bad(
        "returns something else than the hook promises",
        hook("hub_parameters()", "return 7"),
        "hub_parameters: a list was expected, not int",
    ),
    "fields": Bad(
        "fills a field with another type than it has",
        hook("hub_parameters()", "return [ParameterSpec('x', 'X', choices='abc')]"),
        "hub_parameters: in its ParameterSpec, choices must be a tuple, not str",
    ),
    "endless": Bad(
        "returns a list that never ends",
        hook("hub_parameters()", "import itertools; return (ParameterSpec(str(i), 'X') for i in itertools.count())"),
        "hub_parameters: it returned more than 10,000 entries",
    ),
    "misspelt": Bad(
        "misspells a hook",
        hook("hub_extrct(client, action, window)", "yield"),
        "there is no hook hub_extrct: its name is misspelt, or it is of another SDK",
    ),
    "arguments": Bad(
        "wants an argument that the hook has not",
        hook("hub_health(client, colour)", "return None"),
        "its hub_health wants 'colour', which that hook is not given",
    ),
    "twice": Bad(
        "has two parameters of one name",
        hook("hub_parameters()", "return [ParameterSpec('a', 'A'), ParameterSpec('a', 'B')]"),
        "two parameters have the same name: a",
    ),
    "actions": Bad(
        "offers the same action type twice",
        hook("hub_action_types()", "return [ActionType('c', 'C', 'customer', Direction.EXTRACT, '')] * 2"),
        "two action types have the same key and direction: extract:c",
    ),
    "sdk": Bad(
        "was written for another SDK",
        hook("hub_plugin_info()", "return PluginInfo('NAME', 'L', '1', '', '', '9.3', Role.ERP)"),
        "it was written for SDK 9.3, this hub has 1.0",
    ),
    "missing": Bad(
        "lacks a required hook", "del hub_quotas", "the required hook hub_quotas is missing",
    ),
    "no_load": Bad(
        "offers an action without the hook for it",
        hook("hub_action_types()", "return [ActionType('c', 'C', 'customer', Direction.LOAD, '')]"),
        "action type c needs the hook hub_load",
    ),
    "other_key": Bad(
        "calls itself otherwise than its entry point",
        hook("hub_plugin_info()", "return PluginInfo('acumatica', 'L', '1', '', '', '1.0', Role.ERP)"),
        "its key is acumatica, but its entry point is named other_key: give both the same name",
    ),
    "quits": Bad(
        "raises `SystemExit` in a hook",
        hook("hub_action_types()", "raise SystemExit(3)"),
        "hub_action_types: it tried to end the process",
    ),
    "fails": Bad(
        "raises in a hook that describes it",
        hook("hub_action_types()", "return {}['x']"),
        "hub_action_types: KeyError: 'x'",
    ),
    "prints": Bad(
        "prints, at import and in its hooks",
        "print('x' * 1000)\n" + hook("hub_parameters()", "print('more'); return []"),
        "",
    ),
    "thread": Bad(
        "starts a thread that dies",
        "import threading\nthreading.excepthook = lambda *_: None\n"
        "threading.Thread(target=lambda: 1 / 0).start()",
        "",
    ),
}  # fmt: skip


def table():
    """The rows of docs/reference/quarantine.md: what a plugin does, what the page says."""
    works = "Nothing: it works. What it prints goes to the log."
    died = "Nothing: it works. Python says on standard error that the thread died."
    quiet = {"prints": works, "thread": died}
    return [(bad.what, bad.said or quiet[name]) for name, bad in BAD.items()]


READING = {
    "number": (
        "returns no iterator",
        "NAME failed in hub_extract: an iterator was expected, not int.",
    ),
    "raises": (
        "raises what is no error of the SDK",
        "NAME failed in hub_extract: KeyError: 'customers'.",
    ),
    "no_page": (
        "yields something else than pages",
        "NAME failed in hub_extract: a Page was expected, not list.",
    ),
    "no_record": (
        "puts something else than records on a page",
        "NAME failed in hub_extract: a Record was expected, not dict.",
    ),
    "text": (
        "reads a record of more text than any has",
        "NAME failed in hub_extract: record 1 holds more text than 5,000,000 characters.",
    ),
    "empty": (
        "yields empty pages without end",
        "NAME failed in hub_extract: 1,000 empty pages came in a row.",
    ),
    "same": (
        "yields the same page without end",
        "NAME failed in hub_extract: the same page came 50 times in a row.",
    ),
}
"""While a sync reads: what it does, and what the run and ``hub sync`` say."""


def table_at_work():
    """The second table: the plugin stays approved, its run says what happened."""
    return [(what, f"The plugin {said}") for what, said in READING.values()]
