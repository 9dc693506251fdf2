"""Backups of the desk itself: taken while it works, proven when restored, moved to another database.

A backup is a folder: the tables as files, the city's own files, evidence (as it lies, encrypted) and a manifest that
names each file with its size and hash. Keys are never in it: they go into a folder of their own, which belongs in
another place and of which only the newest counts. So whoever finds a backup reads no sealed text, and what was erased
stays erased once the older folders of keys are destroyed.
"""

import base64
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from csirt.bootstrap import Desk, wire
from csirt.checkpoints import CONSENT, checkpoints_of
from csirt.errors import Conflict, Invalid, LedgerBroken, NotFound, Unavailable, Untrusted
from csirt.founding import is_founded
from csirt.model.people import Actor
from csirt.record.checkpoint import paper_line
from csirt.record.tree import Frontier
from csirt.response import audit, backups, sealing
from csirt.settings import Settings
from csirt.store.copies import TableCopy, is_empty, read_tables, write_tables
from csirt.store.database import engine_for
from csirt.store.migrate import migrate, newest
from csirt.store.queries.timeline import head
from csirt.store.tx import Look

MANIFEST = "manifest.json"
DATA_KEYS = "data-keys.json"  # the wrapped data keys of the vault, beside the files of `keys/`
SETTINGS = "csirt.toml"  # may hold passwords, so it lies with the keys
_TABLES, _FILES, _EVIDENCE = "tables", "files", "evidence"
_FOLDERS = ("chains", "mappings", "checkpoints")
_FORM = 1
LOCAL = Actor("local", "local")  # whoever administers this machine

Told = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup as its manifest tells it. `size` and `root` (base64): of the record when it was taken."""

    folder: Path
    digest: str  # SHA-256 of the manifest, hex
    taken: datetime
    revision: str
    size: int
    root: str
    tables: tuple[TableCopy, ...]
    files: Mapping[str, tuple[int, str]]  # path below the folder -> bytes, SHA-256 in hex

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(size for size, _ in self.files.values())


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored desk turned out to be."""

    size: int
    root: str
    incidents: int
    epoch: str = ""  # what was signed last before, where a new epoch begins


# ------------------------------------------------------------------------------------------------------------- taking


def take(desk: Desk, actor: Actor, folder: Path, keys: Path | None, told: Told) -> Backup:
    """Write a backup into a new dated folder below `folder`, and the keys into a new one below `keys`.

    `keys` None: keys are not backed up; without them nobody can read sealed texts again.

    Raises:
        Forbidden: the actor may not.
        Unavailable: `folder_not_writable`.
    """
    desk.look(backups.may_back_up, actor)
    name = f"csirt-{desk.clock.now():%Y%m%dT%H%M%SZ}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=folder, prefix=f".{name}."))
        try:
            data_keys = desk.look(_write, desk, part, folder, told)
            part.rename(folder / name)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        if keys:
            _write_keys(desk, keys / f"{name}-keys", data_keys)
    except OSError as error:
        raise Unavailable("folder_not_writable", permanent=True, folder=folder.name) from error
    taken = read(folder / name)
    desk.commit(actor, backups.taken, digest=taken.digest, size=taken.size, root=taken.root, keys=keys is not None)
    return taken


def _write(look: Look, desk: Desk, part: Path, beside: Path, told: Told) -> dict[str, bytes]:
    """Everything of one state; evidence last, since what the tables name is there already."""
    for name in (_TABLES, _FILES, _EVIDENCE):
        (part / name).mkdir(mode=0o700)
    size, frontier = head(look)
    root = base64.b64encode(Frontier.from_bytes(frontier).root()).decode()
    tables, data_keys = write_tables(look.session.connection(), part / _TABLES, told)
    _copy_city(desk.settings, part / _FILES)
    _link_evidence(desk.settings.evidence, part / _EVIDENCE, _newest(beside))
    manifest = {
        "form": _FORM,
        "taken": desk.clock.now().isoformat(),
        "revision": newest(),
        "size": size,
        "root": root,
        "tables": [asdict(table) for table in tables],
        "files": {str(path.relative_to(part)): _fingerprint(path) for path in _all_files(part)},
    }
    (part / MANIFEST).write_bytes(orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2))
    for path in (part, *part.rglob("*")):
        if not path.is_relative_to(part / _EVIDENCE):  # those may be the very files of the backup before
            path.chmod(0o700 if path.is_dir() else 0o600)
    return data_keys


def _copy_city(settings: Settings, to: Path) -> None:
    """The city's own files: everything that somebody wrote, nothing that we can make again."""
    for path in (*settings.data.glob("*.toml"), *settings.data.glob("*.ldif")):
        if path.name != SETTINGS:
            shutil.copyfile(path, to / path.name)
    folders = {name: settings.data / name for name in _FOLDERS} | {"playbooks": settings.own_playbooks}
    for name, folder in folders.items():
        if folder.is_dir():
            shutil.copytree(folder, to / name, ignore=shutil.ignore_patterns("__pycache__"))


def _link_evidence(evidence: Path, to: Path, before: Path | None) -> None:
    """Files of evidence never change: what the backup before holds is not stored twice."""
    for path in _all_files(evidence):
        place = path.relative_to(evidence)
        target = to / place
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = before / _EVIDENCE / place if before else None
        if known and known.is_file() and known.stat().st_size == path.stat().st_size:
            target.hardlink_to(known)
        else:
            shutil.copyfile(path, target)
            target.chmod(0o600)


def _write_keys(desk: Desk, folder: Path, data_keys: Mapping[str, bytes]) -> None:
    folder.mkdir(mode=0o700, parents=True)
    for path in _all_files(desk.settings.keys):
        target = folder / path.relative_to(desk.settings.keys)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    wrapped = {name: base64.b64encode(key).decode() for name, key in data_keys.items()}
    (folder / DATA_KEYS).write_bytes(orjson.dumps(wrapped))
    if (own := desk.settings.data / SETTINGS).exists():
        shutil.copyfile(own, folder / SETTINGS)
    for path in _all_files(folder):
        path.chmod(0o600)


def _all_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _fingerprint(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


# ------------------------------------------------------------------------------------------------------------- reading


def found_in(folder: Path) -> list[Path]:
    """The backups below a folder, oldest first."""
    return sorted(path.parent for path in folder.glob(f"csirt-*/{MANIFEST}"))


def _newest(folder: Path) -> Path | None:
    return found_in(folder)[-1] if found_in(folder) else None


def prune(folder: Path, keep: int) -> list[str]:
    """Remove the oldest backups until `keep` are left; returns their names. Other folders are never touched."""
    old = found_in(folder)[:-keep]
    for path in old:
        shutil.rmtree(path)
    return [path.name for path in old]


def read(folder: Path) -> Backup:
    """What the manifest of a backup says.

    Raises:
        NotFound: `backup_missing`: no backup lies there.
        Invalid: `backup_malformed`.
    """
    try:
        raw = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise NotFound("backup_missing", folder=folder.name) from error
    try:
        said: dict[str, Any] = orjson.loads(raw)
        return Backup(
            folder=folder,
            digest=hashlib.sha256(raw).hexdigest(),
            taken=datetime.fromisoformat(said["taken"]),
            revision=str(said["revision"]),
            size=int(said["size"]),
            root=str(said["root"]),
            tables=tuple(TableCopy(str(one["name"]), dict(one["columns"]), int(one["rows"])) for one in said["tables"]),
            files={str(name): (int(size), str(digest)) for name, (size, digest) in said["files"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid("backup_malformed", file=MANIFEST) from error


def check(backup: Backup, told: Told) -> None:
    """Compare every file with the manifest.

    Raises:
        Untrusted: `backup_changed`, with the first file that is missing, changed, or not in the manifest.
    """
    there = {str(path.relative_to(backup.folder)): path for path in _all_files(backup.folder)}
    there.pop(MANIFEST, None)
    if more := sorted(there.keys() ^ backup.files.keys()):
        raise Untrusted("backup_changed", file=more[0])
    for number, (name, expected) in enumerate(sorted(backup.files.items()), 1):
        if _fingerprint(there[name]) != expected:
            raise Untrusted("backup_changed", file=name)
        told(number, len(backup.files))


# ----------------------------------------------------------------------------------------------------------- restoring


def restore(backup: Backup, keys: Path, data: Path, url: str, told: Told) -> Restored:
    """Make the data folder `data` (and the database `url`; empty: SQLite in it) from a backup, and prove the record.

    What was being sent when the backup was taken is sent again once the desk runs: a repeat beats a silence.

    Raises:
        Conflict: `city_exists`, `database_not_empty`: nothing is overwritten.
        Invalid: `backup_other_version`: another version of the product took it.
        Untrusted: a file was changed, or the record does not come out as it was.
    """
    check(backup, told)
    if backup.revision != newest():
        raise Invalid("backup_other_version", revision=backup.revision, ours=newest())
    if is_founded(data) or (data.exists() and any(data.iterdir())):
        raise Conflict("city_exists", folder=data.name)
    shutil.copytree(backup.folder / _FILES, data)
    shutil.copytree(backup.folder / _EVIDENCE, data / "evidence")
    _place_keys(keys, data, url)
    for path in (data, *data.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    fill(backup, keys, Settings(data=data).database)
    return _proven(backup, data)


def _place_keys(keys: Path, data: Path, url: str) -> None:
    """Keys, and the settings that lie with them; those are put beside, since they name the systems of the old place."""
    if not (keys / DATA_KEYS).exists():
        raise NotFound("backup_keys_missing", folder=keys.name)
    shutil.copytree(keys, data / "keys", ignore=shutil.ignore_patterns(DATA_KEYS, SETTINGS))
    if (keys / SETTINGS).exists():
        shutil.copyfile(keys / SETTINGS, data / f"{SETTINGS}.from-backup")
    if url:
        use_database(data, url)


def use_database(data: Path, url: str) -> None:
    """Name the database in the settings of a data folder, in place of what is named there."""
    path = data / SETTINGS
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if not line.strip().startswith("database_url")]
    part = path.with_name(f".{SETTINGS}.part")
    part.touch(mode=0o600)
    part.write_text("\n".join([f"database_url = {orjson.dumps(url).decode()}", *kept]) + "\n", encoding="utf-8")
    part.replace(path)


def fill(backup: Backup, keys: Path, url: str, told: Told = lambda _done, _total: None) -> None:
    """Put the tables of a backup into an empty database. Raises `Conflict` `database_not_empty`."""
    engine = engine_for(url)
    try:
        if not is_empty(engine):
            raise Conflict("database_not_empty")
        migrate(url, backup.revision)
        wrapped = {name: base64.b64decode(key) for name, key in orjson.loads((keys / DATA_KEYS).read_bytes()).items()}
        read_tables(engine, backup.folder / _TABLES, backup.tables, wrapped, told)
    finally:
        engine.dispose()


def _proven(backup: Backup, data: Path) -> Restored:
    """Open the restored desk, verify its record, and note in it that it was restored."""
    desk = wire(Settings(data=data), "cli")
    try:
        found = desk.look(audit.verify, restoring=True)
        if not found.ok:
            raise LedgerBroken("record_broken", seq=found.first_bad or 0, why=found.why or "")
        if (found.size, found.root) != (backup.size, backup.root):
            raise Untrusted("backup_record_differs", size=found.size, expected=backup.size)
        desk.commit(LOCAL, backups.restored, digest=backup.digest, size=backup.size, root=backup.root)
        epoch = _begin_epoch(desk)
        return Restored(found.size, found.root, len(desk.look(audit.newest_incidents, 1_000_000)), epoch)
    finally:
        desk.close()


def _begin_epoch(desk: Desk) -> str:
    """The record goes on under another name, and quotes what was signed last before the backup; that, or empty.

    What was signed after it, nobody here knows any more. A signer with a folder of its own, that does know, refuses
    until it is told by `csirt signer begin-epoch`.
    """
    last = checkpoints_of(desk.settings).head()
    if last is None:
        return ""
    desk.commit(LOCAL, sealing.begin_epoch, last)
    desk.settings.signer.mkdir(mode=0o700, parents=True, exist_ok=True)
    (desk.settings.signer / CONSENT).touch(mode=0o600)
    return paper_line(last)


def rehearse(desk: Desk, actor: Actor, backup: Backup, keys: Path, told: Told) -> Restored:
    """Restore into a folder that is thrown away, and record in the running desk how that went (リストアテスト).

    Nothing is sent: no worker runs there.
    """
    began = desk.clock.monotonic_ms()
    with tempfile.TemporaryDirectory(prefix="csirt-restore-") as place:
        os.environ.pop("CSIRT_DATABASE_URL", None)  # the copy must never lie in the real database
        found = restore(backup, keys, Path(place) / "data", "", told)
    seconds = (desk.clock.monotonic_ms() - began) // 1000
    desk.commit(actor, backups.rehearsed, digest=backup.digest, size=found.size, root=found.root, seconds=seconds)
    return found


# ------------------------------------------------------------------------------------------------------------- moving


def move(settings: Settings, actor: Actor, url: str, told: Told) -> Restored:
    """Move a desk that stands still from SQLite to PostgreSQL (or back): its open cases go on there.

    The old database is left beside, under another name. Raises what `restore` raises, and `Conflict` `already_there`.
    """
    if url == settings.database:
        raise Conflict("database_already_there")
    with tempfile.TemporaryDirectory(prefix="csirt-move-", dir=settings.data) as place:
        desk = wire(settings, "cli")
        try:
            backup = take(desk, actor, Path(place), Path(place), told)
        finally:
            desk.close()
        fill(backup, Path(place) / f"{backup.folder.name}-keys", url, told)
    return _moved(settings, actor, backup, url)


def _moved(settings: Settings, actor: Actor, backup: Backup, url: str) -> Restored:
    there = settings.model_copy(update={"database_url": url})
    desk = wire(there, "cli")
    try:
        found = desk.look(audit.verify)
        if not found.ok or (found.size, found.root) != (backup.size, backup.root):
            raise Untrusted("backup_record_differs", size=found.size, expected=backup.size)
        desk.commit(actor, backups.moved, digest=backup.digest, size=found.size, root=found.root)
        incidents = len(desk.look(audit.newest_incidents, 1_000_000))
    finally:
        desk.close()
    use_database(settings.data, url)
    for path in settings.data.glob("csirt.sqlite*"):
        path.rename(path.with_name(f"moved-{path.name}"))
    return Restored(found.size, found.root, incidents)
