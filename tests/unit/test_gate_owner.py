"""Dead lease owners are told from living ones."""

import subprocess
import sys

from hub.store.owner import owner_is_dead, process_owner


def test_this_process_lives():
    assert process_owner() == process_owner()
    assert not owner_is_dead(process_owner())


def test_an_ended_process_is_dead():
    code = "from hub.store.owner import process_owner; print(process_owner())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert owner_is_dead(done.stdout.strip())


def test_a_reused_pid_or_an_older_boot_is_dead():
    host, boot, pid, start = process_owner().split(":")
    assert owner_is_dead(f"{host}:{boot}:{pid}:{int(start) - 1}")
    assert owner_is_dead(f"{host}:{'0' * 36}:{pid}:{start}")


def test_another_host_is_never_called_dead():
    assert not owner_is_dead("elsewhere:boot:1:1")
    assert not owner_is_dead("something else")
