"""Plugins as installed packages: plain folders with their metadata, put on a temporary path."""

import hashlib
import importlib
import sys
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import quick

from hub.registry import discovery

HEAD = """
from hub.sdk import *
from hub.sdk import hookimpl
from contextlib import contextmanager

INFO = PluginInfo("NAME", "Label of NAME", "1.0", "", "", SDK_VERSION, Role.ERP)

@hookimpl
def hub_plugin_info():
    return INFO

@hookimpl
def hub_parameters():
    return [ParameterSpec("base_url", "Address", Kind.URL)]

@hookimpl
def hub_action_types():
    return [ActionType("customer", "Customers", "customer", Direction.EXTRACT, "{base_url}/x")]

@hookimpl
def hub_extract(client, action, window):
    yield Page(())

@hookimpl
def hub_quotas(settings):
    return [QuotaSpec("all", "All calls", 60, 60.0)]

@hookimpl
def hub_open_client(settings, http, state):
    @contextmanager
    def opened():
        yield http
    return opened()

@hookimpl
def hub_test_connection(client):
    return Probe(True, "fine")
"""


class Installed:
    """A folder that stands for site-packages."""

    def __init__(self, folder):
        self.folder = folder

    def plugin(self, name, body="", *, version="1.0", dist="", module="", head=HEAD, point=""):
        """Install (or upgrade) a package with one plugin."""
        dist = dist or f"hub-connector-{name}"
        module = module or f"hub_{name}"
        place = self.folder.joinpath(*module.split("."))
        place.mkdir(parents=True, exist_ok=True)
        text = head.replace("NAME", name) + dedent(body).replace("NAME", name)
        (place / "__init__.py").write_text(text)
        self.metadata(dist, version, f"{name} = {point or module}", [place / "__init__.py"])
        return module

    def metadata(self, dist, version, points, files=()):
        for old in self.folder.glob(f"{dist.replace('-', '_')}-*.dist-info"):
            for file in old.iterdir():
                file.unlink()
            old.rmdir()
        info = self.folder / f"{dist.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n"
            "Author-email: who@example.com\nLicense: MIT\n"
        )
        (info / "entry_points.txt").write_text(f"[hub.connectors]\n{points}\n")
        rows = [f"{file.relative_to(self.folder)},," for file in files]
        (info / "RECORD").write_text("\n".join(rows))

    def remove(self, dist):
        """Uninstall a package as pip does."""
        for info in self.folder.glob(f"{dist.replace('-', '_')}-*.dist-info"):
            for row in (info / "RECORD").read_text().splitlines():
                (self.folder / row.split(",")[0]).unlink(missing_ok=True)
            for file in info.iterdir():
                file.unlink()
            info.rmdir()


def loaded(prefix="hub_"):
    """Modules of test plugins that were imported in this process."""
    return sorted(name for name in sys.modules if name.startswith(prefix))


@contextmanager
def site_packages(folder: Path, monkeypatch):
    """A folder on the path, looked at afresh each time; its modules are forgotten afterwards."""
    folder.mkdir(exist_ok=True)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(discovery, "scan", quick.SCAN)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    path = list(getattr(sys.modules.get("plugins"), "__path__", []))
    try:
        yield Installed(folder)
    finally:
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if file.startswith(str(folder)):
                del sys.modules[name]
        if "plugins" in sys.modules and path:
            sys.modules["plugins"].__path__ = path
        importlib.invalidate_caches()


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()
