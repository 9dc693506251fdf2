"""Takes in what sources leave for us: files in a watched folder, mails in a folder, a Maildir or a mailbox.

Nothing is lost and nothing doubled, wherever a worker dies: a file is taken by one rename, kept under a key of its own
content, and put away only after the commit; a mail is marked as seen after the commit and known again by its
Message-ID and body.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from email.errors import MessageError
from email.parser import BytesHeaderParser
from pathlib import Path

from csirt.bootstrap import Desk
from csirt.errors import CsirtError, Invalid, NotFound, Unavailable
from csirt.logs import log
from csirt.model.source import Source, Way
from csirt.readers.formats import AUTO
from csirt.readers.limits import DEFAULT_LIMITS
from csirt.readers.mail import FORMAT as MAIL
from csirt.response.intake import Accepted
from csirt.response.sources import actor_for
from csirt.taking import take_in, take_unread
from notifications.replies import ImapPostbox

SETTLED = timedelta(seconds=2)  # a file that has not changed for so long is whole
MAILBOX = timedelta(seconds=30)  # between two looks into a mailbox
MOST_AT_ONCE = 200  # files of one look
_UNFINISHED = re.compile(r"\..*|.*(~|\.(part|partial|tmp|temp|filepart|crdownload|swp))", re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


class Collector:
    """Collects from one source; one look after the other."""

    def __init__(self, desk: Desk, source: Source) -> None:
        """A source of the ways `folder` and `mail`."""
        self._desk = desk
        self.source = source
        self._folder = desk.settings.data / (source.folder or f"incoming/{source.name}")
        self._seen: dict[str, tuple[int, int, datetime]] = {}
        self._mailbox_at: datetime | None = None

    def collect(self) -> bool:
        """Take in what is there now; `True`: there may be more at once.

        Raises:
            Unavailable: the folder, the mailbox or the database cannot be reached; what was not taken in stays.
        """
        if self.source.mailbox:
            return self._collect_mailbox()
        try:
            return self._collect_files()
        except OSError as error:
            raise Unavailable("folder_unreadable") from error

    def _collect_files(self) -> bool:
        for name in (".taking", "done", "quarantine"):
            (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        left = self._regular(self._folder / ".taking")  # by a worker that died
        for path in left:
            self._take(path)
        drops = [self._folder, self._folder / "new"] if self.source.way is Way.MAIL else [self._folder]
        taken = 0
        for drop in drops:
            whole = drop.name == "new"  # a Maildir's files are whole once they are there
            for path in self._regular(drop):
                if whole or self._is_settled(path):
                    self._take(self._claimed(path))
                    taken += 1
        return taken >= MOST_AT_ONCE

    def _regular(self, folder: Path) -> list[Path]:
        """Plain files, oldest name first; links, pipes and what is still being written are left alone."""
        if not folder.is_dir():
            return []
        is_ours = folder.name == ".taking"
        with os.scandir(folder) as found:
            names = sorted(
                one.name
                for one in found
                if one.is_file(follow_symlinks=False) and (is_ours or not _UNFINISHED.fullmatch(one.name))
            )
        if folder == self._folder:
            for name in self._seen.keys() - set(names):
                del self._seen[name]
        return [folder / name for name in names[:MOST_AT_ONCE]]

    def _is_settled(self, path: Path) -> bool:
        """Has it kept size and time since an earlier look?"""
        try:
            now, found = self._desk.clock.now(), path.lstat()
        except FileNotFoundError:
            return False
        size, changed, since = self._seen.get(path.name, (-1, -1, now))
        if (size, changed) != (found.st_size, found.st_mtime_ns):
            self._seen[path.name] = (found.st_size, found.st_mtime_ns, now)
            return False
        return now - since >= SETTLED

    def _claimed(self, path: Path) -> Path:
        """Ours from now on: by one rename, so that nobody else takes it."""
        target = self._folder / ".taking" / f"{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]}-{path.name}"
        with suppress(FileNotFoundError):  # somebody took it away
            path.rename(target)
        return target

    def _take(self, path: Path) -> None:
        data = _bytes_of(path)
        if data is None:
            return
        key = _key_of_mail(data) if self.source.way is Way.MAIL else _key_of_file(path, data)
        self._put_away(path, data, self._keep(data, key))

    def _keep(self, data: bytes, key: str) -> str:
        """Take an input in; returns the code of why nothing of it could be read, or nothing."""
        code = "record_too_large" if len(data) > DEFAULT_LIMITS.input_bytes else "" if data.strip() else "empty"
        counts = Accepted()
        if not code:
            form = MAIL if self.source.way is Way.MAIL and self.source.format == AUTO else AUTO
            actor = actor_for(self.source)
            try:
                counts = take_in(self._desk, actor, data, form, key, self.source, key_covers=True)
            except (Invalid, NotFound) as error:
                code = error.code
        if not counts.records:
            code = code or "empty"
            take_unread(self._desk, self.source, data, code, key)
            return code
        log().info("source.taken", source=self.source.name, records=counts.records, quarantined=counts.quarantined)
        return "nothing_readable" if counts.quarantined == counts.records else ""

    def _put_away(self, path: Path, data: bytes, code: str) -> None:
        """Into `done`, or into `quarantine` with a file that says why."""
        digest, folder = hashlib.sha256(data).hexdigest(), self._folder / ("quarantine" if code else "done")
        target = folder / f"{self._desk.clock.now():%Y%m%dT%H%M%S}-{digest[:8]}-{path.name[9:]}"
        if code:
            why = {"code": code, "sha256": digest, "bytes": len(data), "source": self.source.name}
            (folder / f"{target.name}.reason.json").write_text(json.dumps(why) + "\n", encoding="ascii")
        with suppress(FileNotFoundError):
            path.rename(target)

    def _collect_mailbox(self) -> bool:
        now, box = self._desk.clock.now(), self.source.mailbox
        if box is None or (self._mailbox_at is not None and now - self._mailbox_at < MAILBOX):
            return False
        self._mailbox_at = now
        secret = self._desk.settings.keys / f"mailbox-{self.source.name}"
        try:
            password = secret.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Unavailable("mailbox_password_missing", permanent=True, name=self.source.name) from error
        ca_file = self._desk.settings.data / box.ca_file if box.ca_file else None
        postbox = ImapPostbox(
            box.host, box.port, user=box.user, password=password, folder=box.folder, ca_file=ca_file,
            most_bytes=DEFAULT_LIMITS.input_bytes,
        )  # fmt: skip
        for data in postbox.fetch():
            self._keep(data, _key_of_mail(data))  # the next step of the loop marks it as seen
        return False


def collectors(desk: Desk) -> Iterator[Collector]:
    """One for each source whose records we fetch."""
    for source in desk.door.city.sources.values():
        if source.way in {Way.FOLDER, Way.MAIL}:
            yield Collector(desk, source)


def collecting(one: Collector, is_wanted: Callable[[], bool]) -> bool:
    """One look, if it is wanted; what fails is said in the log, and tried again."""
    if not is_wanted():
        return False
    try:
        return one.collect()
    except CsirtError as error:
        log().warning("source.not_collected", source=one.source.name, code=error.code)
        return False


def _bytes_of(path: Path) -> bytes | None:
    """What a plain file holds, at most one byte more than an input may; None: it is gone, or none any more."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return file.read(DEFAULT_LIMITS.input_bytes + 1)


def _key_of_file(path: Path, data: bytes) -> str:
    """The same name with the same content is the same file, also after a crash."""
    return "file:" + hashlib.sha256(os.fsencode(path.name) + b"\0" + data).hexdigest()


def _key_of_mail(data: bytes) -> str:
    """Message-ID and body: two ways of one mail differ in their heads, and a forged Message-ID hides no other mail."""
    head, body, *_ = (*_BLANK_LINE.split(data, maxsplit=1), b"")
    try:
        id_ = str(BytesHeaderParser().parsebytes(head[: 64 * 1024]).get("message-id", ""))
    except (MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError):  # what email.* raises
        id_ = ""
    told = id_.strip().encode("utf-8", "replace") or head
    return "mail:" + hashlib.sha256(hashlib.sha256(told).digest() + body).hexdigest()
