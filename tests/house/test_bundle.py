"""The bundle for machines without a network: made here, carried over, and installed where no network is at all.

`unshare --net` takes the network away from the installation, loopback included; without the right to do so, or without
packages to make the bundle of, the test is skipped and says why.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT

MINUTES = 60
NO_NETWORK = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--net"]


def run(*command: str, at: Path, minutes: int = 8) -> subprocess.CompletedProcess[str]:
    """Run to its end, without a terminal."""
    return subprocess.run(
        command, cwd=at, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=minutes * MINUTES,
    )  # fmt: skip


@pytest.mark.slow
def test_what_a_bundle_holds_installs_without_any_network(tmp_path: Path) -> None:
    if not shutil.which("unshare") or run(*NO_NETWORK, "true", at=tmp_path).returncode:
        pytest.skip("no right to take the network away here")
    bundle, there = tmp_path / "usb", tmp_path / "there"
    made = run("./run", "--bundle", str(bundle), at=ROOT)
    if made.returncode and not list(bundle.glob("*.whl")):
        pytest.skip("no packages to make a bundle of can be had here")
    assert made.returncode == 0, made.stderr
    assert run("sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS", at=bundle).returncode == 0
    there.mkdir()
    assert run("tar", "xzf", str(bundle / "csirt-desk.tar.gz"), at=there).returncode == 0
    product = there / "csirt-desk"
    assert not (product / ".git").exists()
    assert not list(product.rglob("*.sqlite"))
    installed = run(*NO_NETWORK, "./run", "--offline", str(bundle), "--setup-only", at=product)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    said = run(*NO_NETWORK, ".venv/bin/csirt", "playbooks", "list", "--json", at=product)
    assert said.returncode == 0, said.stderr
    assert "ransomware" in said.stdout
