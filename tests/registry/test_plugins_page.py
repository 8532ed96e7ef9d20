"""The Plugins page and ``hub plugins``: what an administrator sees and does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from configuration_kit import form_items, text_of
from plugin_kit import loaded
from web_frame import PASSWORD

from hub.cli import main
from hub.settings.passwords import hash_password
from hub.store.tables import User
from hub.web import create_app


class Desk:
    """A signed-in browser without script."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.app = create_app(runtime)
        self.client = self.app.test_client()
        self.post("/setup", {"email": "mara@example.com", "password": PASSWORD})

    def page(self, url="/plugins"):
        answer = self.client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        return text_of(answer)

    def post(self, url, data=(), *, page=""):
        raw = self.client.get(page or url).get_data(as_text=True)
        return self.client.post(url, data={**dict(form_items(raw, url)), **dict(data)})

    def sign_in_as(self, role):
        with self.runtime.write() as session:
            session.add(
                User(
                    email=f"{role}@example.com",
                    password_hash=hash_password(PASSWORD),
                    role=role,
                    created_at=self.runtime.clock.now(),
                )
            )
        self.client = self.app.test_client()
        self.post("/sign-in", {"email": f"{role}@example.com", "password": PASSWORD})


@pytest.mark.usefixtures("trusting")
def test_found_looked_at_approved_revoked_on_the_page(site, start):
    desk = Desk(start())
    assert "Found nothing new. Did the command run" in text_of(
        desk.client.get(desk.post("/plugins/look", page="/plugins").location)
    )
    site.plugin("shop")
    answer = desk.post("/plugins/look", page="/plugins")
    page = text_of(desk.client.get(answer.location))
    assert "Found shop. None of it runs until you approve it." in page
    assert "shop was found hub-connector-shop 1.0 None of its code runs" in page
    assert "2 approved, 1 found and not approved." in page
    assert loaded() == []
    url = "/plugins/shop/approve"
    page = desk.page(url)
    sha256 = desk.runtime.registry.found["shop"].package.sha256
    assert "An approved plugin can read everything the hub can:" in page
    assert sha256 in page
    assert "who@example.com (not verified)" in page
    assert "switched off until it is approved again" in page
    refused = desk.post(url)
    assert refused.status_code == 422
    assert "Tick the box when the SHA-256 is the one its author published" in text_of(refused)
    assert loaded() == []
    page = text_of(desk.client.get(desk.post(url, {"known": "1"}).location))
    assert "shop is approved and in use." in page
    assert "Label of shop" in page
    assert "by mara@example.com" in page
    assert "No connector uses it." in desk.page("/plugins/shop/revoke")
    page = text_of(desk.client.get(desk.post("/plugins/shop/revoke").location))
    assert "shop is revoked." in page
    assert desk.runtime.registry.get("shop") is None


@pytest.mark.usefixtures("trusting")
def test_what_was_looked_at_is_what_gets_approved(site, start):
    site.plugin("shop")
    desk = Desk(start())
    form = dict(
        form_items(
            desk.client.get("/plugins/shop/approve").get_data(as_text=True), "/plugins/shop/approve"
        )
    )
    site.plugin("shop", "x = 1")
    answer = desk.client.post("/plugins/shop/approve", data={**form, "known": "1"})
    assert "changed since you looked. Nothing was approved" in text_of(
        desk.client.get(answer.location)
    )
    assert loaded() == []


def test_only_an_administrator_decides(site, start):
    site.plugin("shop")
    desk = Desk(start())
    desk.sign_in_as("operator")
    page = desk.page()
    assert "shop was found" in page
    assert "Review and approve" not in page
    assert "Look for new ones" not in page
    for url in ("/plugins/shop/approve", "/plugins/shop/revoke", "/plugins/look"):
        assert desk.post(url, {"known": "1"}, page="/plugins").status_code == 403, url
    assert loaded() == []


def hub(*arguments, expect=0):
    ran = CliRunner().invoke(main, ["plugins", *arguments])
    assert ran.exit_code == expect, (ran.output, ran.exception)
    return ran.stdout if expect == 0 else ran.output


@pytest.mark.usefixtures("trusting")
def test_the_command_line_does_the_same(site, start, tmp_path, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "home"))
    site.plugin("shop")
    [shop] = [row for row in json.loads(hub("list", "--json")) if row["name"] == "shop"]
    assert (shop["status"], shop["version"], shop["bundled"]) == ("found", "1.0", False)
    assert "the ones that were approved" not in hub()
    assert "There is no plugin 'shp'" in hub("approve", "shp", expect=2)
    assert "changed since you looked" in hub("approve", "shop", "--sha256", "00", expect=2)
    assert loaded() == []
    assert f"hub-connector-shop 1.0, SHA-256 {shop['sha256']}" in hub("approve", "shop")
    row = json.loads(hub("approve", "shop", "--json"))
    assert (row["status"], row["decided_by"]) == ("approved", "command line")
    assert row["action_types"]["extract"] == ["customer"]
    assert "Its syncs pause" in hub("revoke", "shop")
    assert "shop is not approved. Nothing was changed." in hub("revoke", "shop", expect=2)
    assert "part of the hub" in hub("revoke", "acumatica", expect=2)


SCRIPT = """
import json, sys
from hub.cli import main
try:
    main(["plugins", "list", "--json"])
except SystemExit:
    pass
print(json.dumps([name for name in sys.modules if "rogue" in name]), file=sys.stderr)
"""


def test_a_real_process_of_the_hub_does_not_import_a_rogue_package(site, start, tmp_path):
    start().close()
    mark = tmp_path / "it-ran"
    body = f"open({str(mark)!r}, 'w').close()\n"
    site.plugin("rogue", body, module="hub_rogue.plugin", head="")
    (site.folder / "hub_rogue" / "__init__.py").write_text(body)
    site.plugin("sly", body, module="plugins.rogue", head="")
    (site.folder / "plugins" / "__init__.py").write_text(body)
    path = os.pathsep.join([str(site.folder), str(Path(__file__).parents[2])])
    environ = {**os.environ, "HUB_HOME": str(tmp_path / "home"), "PYTHONPATH": path}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environ, capture_output=True, text=True, check=True
    )
    states = {row["name"]: row["status"] for row in json.loads(ran.stdout)}
    assert states == {
        "acumatica": "approved", "bigcommerce": "approved", "rogue": "found", "sly": "quarantined",
    }  # fmt: skip
    assert json.loads(ran.stderr.splitlines()[-1]) == []
    assert not mark.exists()
