"""`csirt checkpoint`: the head of the record leaves the house as a file, on paper, by mail, with a time stamp."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pikepdf
import pytest

from csirt.record.checkpoint import open_note, paper_line, parse_verifier_key
from csirt.reports.checkpoint_sheet import code_of
from tests.cli.calling import call


def test_the_line_and_the_file_say_the_same(data: Path, tmp_path: Path) -> None:
    told = call("checkpoint", "--data", data, "--json", "--out", tmp_path / "head.note").row
    head = open_note((tmp_path / "head.note").read_bytes(), parse_verifier_key(told["key"]))
    assert paper_line(head) == told["line"]
    assert told["unsealed"] == 0
    went_out = 1  # stands in the record behind what was carried outside
    assert head.size + went_out == call("verify", "--data", data, "--json").row["size"]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_sheet_is_one_page_of_a4_for_the_archive(data: Path, tmp_path: Path, language: str) -> None:
    told = call("checkpoint", "--data", data, "--json", "--pdf", tmp_path / "sheet.pdf", "--lang", language).row
    with pikepdf.open(tmp_path / "sheet.pdf") as document:
        (page,) = document.pages
        assert [round(float(one)) for one in page.mediabox] == [0, 0, 595, 842]
        assert "/StructTreeRoot" in document.Root
        with document.open_metadata() as meta:
            assert (meta["pdfaid:part"], meta["pdfuaid:part"]) == ("2", "1")
    if shutil.which("pdftotext"):
        said = subprocess.run(["pdftotext", tmp_path / "sheet.pdf", "-"], capture_output=True, text=True, check=True)
        assert told["line"].split(" ")[2] in "".join(said.stdout.split())


def test_the_code_holds_the_line() -> None:
    assert code_of("a 1 b").startswith("<svg")
    assert code_of("a 1 b") != code_of("a 2 b")


def test_it_goes_by_mail(data: Path) -> None:
    told = call("checkpoint", "--data", data, "--json", "--mail", "audit@pref.example").row
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in (data / "mail").rglob("*.eml")]
    (mail,) = (mail for mail in mails if mail["To"] == "audit@pref.example")
    body = mail.get_body()
    assert body is not None
    assert told["line"] in body.get_content()


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A time-stamp authority of OpenSSL: its key, certificate and settings."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path / "tsa"
    folder.mkdir()
    (folder / "tsa.cnf").write_text(
        "[req]\ndistinguished_name=dn\nx509_extensions=v3\nprompt=no\n[dn]\nCN=TSA\n"
        "[v3]\nbasicConstraints=CA:TRUE\nextendedKeyUsage=critical,timeStamping\n"
        "[tsa]\ndefault_tsa=one\n[one]\n"
        f"serial={folder}/serial\nsigner_cert={folder}/tsa.pem\nsigner_key={folder}/tsa.key\nsigner_digest=sha256\n"
        "default_policy=1.2.3.4\ndigests=sha256, sha512\naccuracy=secs:1\ness_cert_id_alg=sha256\n"
    )
    (folder / "serial").write_text("01\n")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-config", folder / "tsa.cnf",
         "-keyout", folder / "tsa.key", "-out", folder / "tsa.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def answering(authority: Path) -> Iterator[str]:
    """That authority behind HTTP; below `/rubbish` it answers rubbish."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (authority / "q.tsq").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            subprocess.run(
                ["openssl", "ts", "-reply", "-config", authority / "tsa.cnf", "-section", "one",
                 "-queryfile", authority / "q.tsq", "-out", authority / "r.tsr"],
                check=True, capture_output=True,
            )  # fmt: skip
            answer = b"rubbish" if self.path == "/rubbish" else (authority / "r.tsr").read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_an_authority_outside_stamps_it_and_openssl_agrees(
    data: Path, tmp_path: Path, authority: Path, answering: str
) -> None:
    note = tmp_path / "head.note"
    assert call("checkpoint", "--data", data, "--out", note, "--tsa", f"{answering}/").code == 0
    token, trusted = note.with_suffix(".tsr"), authority / "tsa.pem"
    verify: list[str | Path] = ["openssl", "ts", "-verify", "-in", token, "-CAfile", trusted, "-data", note]
    assert subprocess.run(verify, check=False, capture_output=True).returncode == 0
    note.write_bytes(note.read_bytes() + b" ")
    assert subprocess.run(verify, check=False, capture_output=True).returncode != 0


def test_an_authority_that_is_away_or_answers_rubbish(data: Path, answering: str) -> None:
    spoilt = call("checkpoint", "--data", data, "--json", "--tsa", f"{answering}/rubbish")
    assert (spoilt.code, spoilt.error["error"]) == (2, "stamp_malformed")
    gone = call("checkpoint", "--data", data, "--json", "--tsa", "http://127.0.0.1:9/")
    assert (gone.code, gone.error["error"]) == (6, "stamp_unavailable")
