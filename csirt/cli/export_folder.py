"""Writes the folder of an export: the record and its verifier, and documents for people beside it."""

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from csirt.bootstrap import Desk
from csirt.checkpoints import Checkpoints
from csirt.cli.tables import Told
from csirt.documents import timeline_document
from csirt.errors import Untrusted
from csirt.record import verify_record
from csirt.record.checkpoint import verifier_line
from csirt.record.export import WHOLE, Part, entry_line, leaf_hash, manifest_bytes, withheld_line
from csirt.record.tiles import bundles, tiles
from csirt.record.tree import Frontier
from csirt.record.verify_record import Checkpoint, b64
from csirt.reports.timeline import timeline_pdf
from csirt.reports.timeline_xlsx import timeline_xlsx
from csirt.response import audit
from csirt.store.sight import unseen
from csirt.store.tx import Look

_README = Path(__file__).with_name("export_readme.txt")


@dataclass
class ExportFolder:
    """One folder in the making."""

    path: Path
    part: Part = WHOLE
    root: str = ""
    aside: list[str] = field(default_factory=list)

    @classmethod
    def make(cls, path: Path, part: Part) -> "ExportFolder":
        """A folder that only its owner may read."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        return cls(path, part)

    def write_record(self, look: Look, published: Checkpoints, signed: Checkpoint, tell: Told) -> None:
        """Entries of the part, the leaf hashes of all, openings, and the checkpoint that covers them."""
        size = signed.size
        frontier = Frontier()
        with (self.path / "entries.jsonl").open("wb") as lines, (self.path / "leaves.bin").open("wb") as leaves:
            for canonical, ours, hidden in audit.entries(look, size, self.part):
                leaf = leaf_hash(canonical)
                leaves.write(leaf)
                if ours:
                    lines.write(withheld_line(leaf) if hidden else entry_line(canonical))
                frontier = frontier.append(leaf)
                if frontier.size % 1000 == 0:
                    tell(frontier.size, size)
        with (self.path / "payloads.jsonl").open("wb") as openings:
            openings.writelines(audit.openings(look, size, self.part))
        if erased := b"".join(audit.erasures(look, size, self.part)):
            (self.path / "erased.jsonl").write_bytes(erased)
        self.root = b64(frontier.root()).decode()
        self._write_seals(published)
        if self.part == WHOLE:
            self._write_tiles(look, size)

    def _write_seals(self, published: Checkpoints) -> None:
        """What is signed, by whom, and how the key changed; the verifier, and how to use it."""
        (self.path / "checkpoint").write_bytes(published.latest() or b"")
        keys = "".join(f"{verifier_line(key)}\n" for key in published.signed_by())
        (self.path / "key.pub").write_text(keys, encoding="ascii")
        if handovers := published.handovers():
            lines = (json.dumps({"note": note.decode(), "key": key}) + "\n" for note, key in handovers)
            (self.path / "handovers.jsonl").write_text("".join(lines), encoding="ascii")
        shutil.copyfile(verify_record.__file__, self.path / "verify_record.py")
        shutil.copyfile(_README, self.path / "README.txt")

    def _write_tiles(self, look: Look, size: int) -> None:
        """The same tree in the layout of C2SP tlog-tiles, for other tools."""
        with (self.path / "leaves.bin").open("rb") as leaves:
            hashes = iter(lambda: leaves.read(32), b"")
            raw = (canonical for canonical, _, _ in audit.entries(look, size))
            # A bundle holds whole entries: where some are hidden from who exports, the tree goes without them.
            for name, content in tiles(hashes) if unseen(look.session) else chain(tiles(hashes), bundles(raw)):
                path = self.path / "tlog" / name
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.write_bytes(content)
        shutil.copyfile(self.path / "checkpoint", self.path / "tlog" / "checkpoint")

    def write_documents(self, desk: Desk, incidents: list[str], language: str, tell: Told) -> None:
        """The timeline of each incident for people, as PDF and as a workbook."""
        folder = self.path / "documents"
        folder.mkdir(mode=0o700)
        for number, incident in enumerate(incidents, 1):
            document = timeline_document(desk, incident, language)
            for form, make in (("pdf", timeline_pdf), ("xlsx", timeline_xlsx)):
                name = f"timeline-{incident}.{form}"
                (folder / name).write_bytes(make(document))
                self.aside.append(name)
            tell(number, len(incidents))

    def close(self) -> Checkpoint:
        """List the files, then verify all of it as an auditor will. Raises `Untrusted` `export_unsound`."""
        files = {}
        for path in self.path.iterdir():
            if path.is_file():
                with path.open("rb") as file:
                    files[path.name] = (path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
        (self.path / "manifest.json").write_bytes(manifest_bytes(files, self.aside, self.part))
        for path in self.path.rglob("*"):
            path.chmod(0o700 if path.is_dir() else 0o600)
        found, findings = verify_record.verify(self.path)
        if found is None or findings:
            raise Untrusted("export_unsound", why=findings[0].code if findings else "")
        return found
