"""The page as it stands on a server: behind a real nginx by a socket, with an own certificate, or not at all."""

import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509

from csirt.bootstrap import Desk
from csirt.errors import Invalid
from csirt.settings import Settings
from csirt.web.standing import check
from tests.directory import slapd
from tests.house.tree import ROOT
from tests.programs import find_program

NAME = "csirt.city.example"
TLS = ("ssl_certificate", "ssl_certificate_key")


@contextmanager
def web(data: Path, **settings: str) -> Iterator[str]:
    """The web process as the unit starts it; where it listens."""
    environment = os.environ | {f"CSIRT_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "csirt.cli.main", "serve", "--alone", "--data", str(data), "--port", "0"]
    started = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    note = data / "run" / "web.url"
    try:
        for _ in range(1200):
            if note.exists() or started.poll() is not None:
                break
            time.sleep(0.05)
        yield note.read_text(encoding="utf-8").strip()
    finally:
        started.send_signal(signal.SIGTERM)
        started.communicate()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with server.pem, server.key and ca.pem for the name that people type."""
    folder = tmp_path_factory.mktemp("tls")
    slapd.Authority(folder).issue(folder, x509.DNSName(NAME))
    return folder


def client(certificate: Path, port: int) -> httpx.Client:
    """A browser that reaches the name at this port of this machine."""
    context = ssl.create_default_context(cafile=str(certificate / "ca.pem"))
    return httpx.Client(
        base_url=f"https://127.0.0.1:{port}", verify=context, headers={"Host": NAME}, trust_env=False, timeout=30
    )


def signed_in(browser: httpx.Client, **headers: str) -> httpx.Response:
    typed = {"uid": "k.sato", "password": "k.sato-naruto"}
    return browser.post("/api/v1/session", json=typed, headers=headers, extensions={"sni_hostname": NAME})


@contextmanager
def nginx(folder: Path, sock: Path, certificate: Path) -> Iterator[int]:
    """A real nginx of an ordinary user, with the very file of the documentation but for ports and paths."""
    program = find_program("nginx")
    port, plain = slapd.free_port(), slapd.free_port()
    shipped = (ROOT / "docs" / "server" / "nginx-csirt.conf").read_text(encoding="utf-8")
    for old, new in {
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "    listen [::]:443 ssl;\n": "",
        "    listen [::]:80;\n": "",
        "/etc/csirt/tls/fullchain.pem": str(certificate / "server.pem"),
        "/etc/csirt/tls/key.pem": str(certificate / "server.key"),
        "/run/csirt/web.sock": str(sock),
    }.items():
        assert old in shipped
        shipped = shipped.replace(old, new)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{shipped}}}\n"
    )
    process = subprocess.Popen([program, "-c", str(config), "-p", str(folder), "-e", str(folder / "error.log")])
    try:
        slapd._wait_for(port, process)  # noqa: SLF001 - the same wait for another server
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_behind_nginx_by_a_socket(desk: Desk, tmp_path: Path, certificate: Path) -> None:
    sock = tmp_path / "web.sock"
    settings = {"unix_socket": str(sock), "base_url": f"https://{NAME}"}
    with web(desk.settings.data, **settings) as address, nginx(tmp_path, sock, certificate) as port:
        assert address == f"unix:{sock}"
        assert oct(sock.stat().st_mode & 0o777) == "0o660"
        with client(certificate, port) as browser:
            told = [signed_in(browser, **{"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(1)]
            assert told[0].status_code == 200
            assert told[0].headers["set-cookie"].startswith("__Host-csirt=")
            assert "max-age" in told[0].headers["strict-transport-security"]
            page = browser.get("/", extensions={"sni_hostname": NAME})
            assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
            # Whatever a client says of its own address, wrong passwords are counted for the one that nginx saw.
            wrong = [
                browser.post(
                    "/api/v1/session", json={"uid": f"nobody{number}", "password": "x"},
                    headers={"X-Forwarded-For": f"192.0.2.{number}"}, extensions={"sni_hostname": NAME},
                ).status_code
                for number in range(4)
            ]  # fmt: skip
            assert wrong == [401, 401, 401, 429]
    assert not sock.exists()


def test_with_a_certificate_of_its_own(desk: Desk, certificate: Path) -> None:
    own = {"tls_certificate": str(certificate / "server.pem"), "tls_key": str(certificate / "server.key")}
    with web(desk.settings.data, **own, base_url=f"https://{NAME}") as address:
        assert address.startswith("https://127.0.0.1:")
        with client(certificate, int(address.rpartition(":")[2])) as browser:
            answer = signed_in(browser)
            assert answer.status_code == 200
            assert answer.headers["set-cookie"].startswith("__Host-csirt=")


@pytest.mark.parametrize(
    ("settings", "host", "code"),
    [
        ({}, "0.0.0.0", "plain_http_elsewhere"),  # noqa: S104 - that is the point
        ({}, "192.0.2.1", "plain_http_elsewhere"),
        ({}, "::", "plain_http_elsewhere"),
        ({"tls_certificate": "server.pem"}, "127.0.0.1", "tls_incomplete"),
        ({"tls_key": "server.key"}, "127.0.0.1", "tls_incomplete"),
        ({"tls_certificate": "absent.pem", "tls_key": "server.key"}, "0.0.0.0", "tls_unusable"),  # noqa: S104
        ({"tls_certificate": "server.key", "tls_key": "server.pem"}, "127.0.0.1", "tls_unusable"),
        ({"base_url": "csirt.city.example"}, "127.0.0.1", "base_url_malformed"),
        ({"base_url": "ftp://csirt.city.example"}, "127.0.0.1", "base_url_malformed"),
        ({"base_url": "http://csirt.city.example"}, "127.0.0.1", "base_url_plain"),
        ({"trusted_proxies": ["somewhere"]}, "127.0.0.1", "network_malformed"),
    ],
)
def test_what_is_unsafe_is_refused_before_anybody_is_served(
    certificate: Path, tmp_path: Path, settings: dict[str, Any], host: str, code: str
) -> None:
    files = {name: certificate / str(value) for name, value in settings.items() if name.startswith("tls_")}
    with pytest.raises(Invalid, match=code):
        check(Settings(data=tmp_path, **(settings | files)), host)


def test_the_units_start_what_there_is() -> None:
    folder = ROOT / "docs" / "server"
    units = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.service")}
    assert set(units) == {f"csirt-{name}.service" for name in ("web", "worker", "signer", "prefect")}
    for name, text in units.items():
        assert "\nUser=csirt" in text, name
        for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "PrivateTmp=yes"):
            assert line in text, (name, line)
        (start,) = [line.removeprefix("ExecStart=") for line in text.splitlines() if line.startswith("ExecStart=")]
        program, *arguments = start.split()
        assert shutil.which(Path(program).name, path=str(Path(sys.executable).parent)), program
        if program.endswith("/csirt"):
            command = [sys.executable, "-m", "csirt.cli.main", *arguments, "--help"]
            assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0, name
