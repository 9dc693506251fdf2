"""The two doors of the project: what they say, when they stop, and that their locks tie nobody to a host."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT

LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-uv.lock")
SCRIPTS = ("run", "test", ".ci/run", ".setup/common.sh")
JAPANESE = re.compile(r"[ぁ-んァ-ン一-龥]")


def call(command: str, *arguments: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    """Run one of the doors to its end."""
    return subprocess.run(
        [str(ROOT / command), *arguments],
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_sound_bash(script: str) -> None:
    subprocess.run(["bash", "-n", str(ROOT / script)], check=True)
    assert script == ".setup/common.sh" or os.access(ROOT / script, os.X_OK)


@pytest.mark.parametrize("command", ["run", "test"])
def test_help_speaks_both_languages(command: str) -> None:
    done = call(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "使い方" in done.stdout
    assert "Usage" in done.stdout


@pytest.mark.parametrize("arguments", [["--fast"], ["--data"], ["--offline", "no such folder"]])
def test_an_option_that_is_not_understood_ends_with_2_and_the_help(arguments: list[str]) -> None:
    done = call("run", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert arguments[0] in done.stderr or arguments[-1] in done.stderr
    assert "Usage" in done.stderr


def pretend(folder: Path, **programs: str) -> str:
    """A PATH on which `programs` are short shell scripts and everything else is real."""
    for name, script in programs.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.parametrize("command", ["run", "test"])
def test_without_rights_the_administrator_gets_the_exact_command(command: str, tmp_path: Path) -> None:
    installed = f"touch {tmp_path}/installed; exit 1"
    path = pretend(tmp_path, dpkg_query="exit 1", apt_get=installed, id="echo 1000", sudo="exit 1")
    done = call(command, *(["--setup-only"] if command == "run" else []), path=path)
    assert done.returncode == 3
    assert not (tmp_path / "installed").exists()
    assert JAPANESE.search(done.stderr)
    assert "ask the administrator" in done.stderr
    assert re.search(r"^ +DEBIAN_FRONTEND=noninteractive apt-get install .*libldap-dev", done.stderr, re.MULTILINE)
    assert ("slapd/no_configuration" in done.stderr) == (command == "test")


@pytest.mark.parametrize("account", ["root", "by sudo"])
def test_with_rights_only_what_is_missing_is_installed(account: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    path = pretend(
        tmp_path,
        dpkg_query='shift 3; for name; do [ "$name" = libsasl2-dev ] || echo "$name installed"; done',
        apt_get=f'echo "$@" >> {log}; [ "$1" = update ]',
        id="echo 0" if account == "root" else "echo 1000",
        sudo='shift; exec "$@"',
    )
    done = call("run", "--setup-only", path=path)
    assert done.returncode == 6, "the pretended apt-get fails, so nothing after it is tried"
    update, install = log.read_text(encoding="utf-8").splitlines()
    assert update == "update"
    assert install.split()[0] == "install"
    assert install.split()[-1] == "libsasl2-dev"


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_hashes_and_no_hosts(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?:|\b(?:index|find)[-_](?:url|links)|file:|@ ", text)
    for pinned in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9][a-z0-9._-]*==\S+", pinned)
        assert "--hash=sha256:" in pinned


def test_what_runs_is_what_was_tested() -> None:
    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.lock") < pins("requirements-test.lock")
