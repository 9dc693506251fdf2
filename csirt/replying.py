"""Takes in the answers to our mails: each that carries the token of a call acknowledges it."""

from csirt.bootstrap import Desk
from csirt.errors import CsirtError, Unavailable
from csirt.logs import log
from csirt.response import acknowledging
from notifications.replies import FolderPostbox, ImapPostbox, Postbox, read_answer


class Replies:
    """The postboxes that the settings name."""

    def __init__(self, desk: Desk) -> None:
        """One for a process."""
        self._desk = desk
        settings = desk.settings
        self._postboxes: list[Postbox] = []
        if settings.reply_folder:
            self._postboxes.append(FolderPostbox(settings.reply_folder))
        if settings.imap_host:
            self._postboxes.append(
                ImapPostbox(
                    settings.imap_host, settings.imap_port, user=settings.imap_user,
                    password=settings.imap_password.get_secret_value(), folder=settings.imap_folder,
                    ca_file=settings.imap_ca_file,
                )
            )  # fmt: skip

    def take_in(self) -> int:
        """Read what has come; returns how many calls were acknowledged. A postbox that fails keeps back no other."""
        taken = 0
        for postbox in self._postboxes:
            try:
                taken += sum(self._is_taken(raw) for raw in postbox.fetch())
            except Unavailable as error:
                log().warning("reply.postbox_failed", code=error.code)
        return taken

    def _is_taken(self, raw: bytes) -> bool:
        answer = read_answer(raw)
        if answer.ignored:
            log().info("reply.ignored", code=answer.ignored)
            return False
        try:
            call = self._desk.look(acknowledging.held_call, answer.token)
            self._desk.commit(acknowledging.caller(call, "mail"), acknowledging.by_token, answer.token)
        except Unavailable:
            raise  # the mail stays where it is, and is read again
        except CsirtError as error:
            log().info("reply.refused", code=error.code)
            return False
        log().info("reply.acknowledged", escalation=call.escalation)
        return True
