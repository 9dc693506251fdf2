"""Writes the message of what is due: the text of each delivery, several of them as one, and a text of last resort."""

from collections.abc import Iterator, Mapping, Sequence

from csirt.bootstrap import Desk
from csirt.documents import report_document
from csirt.logs import log
from csirt.model.message import Attachment, Message
from csirt.reports.report import report_pdf
from csirt.response.outbox import Due, Item
from csirt.texts.catalogs import catalog

BUNDLE = "bundle"
_RULE = "-" * 60


def written(desk: Desk, due: Due) -> Message:
    """The message. Never fails: what cannot be written goes as a text that names the case, as silence is worse."""
    language = desk.settings.language
    parts = [_part(desk, due, item, language) for item in due.items]
    facts, subject, body = parts[0]
    if len(parts) > 1:
        subject, body = _as_one(desk, language, parts)
    return Message(
        id=due.id, template=BUNDLE if len(parts) > 1 else due.items[0].template, language=language,
        recipient=due.recipient, subject=subject, body=body, at=due.queued_at, facts=facts, repeat=due.repeat,
        drill=due.drill, attachments=tuple(_documents(desk, due, language)),
    )  # fmt: skip


def _documents(desk: Desk, due: Due, language: str) -> Iterator[Attachment]:
    """The reports that this channel may carry. One that cannot be made is left out: the message itself must go."""
    for item in due.items:
        if not item.facts.get("attach"):
            continue
        try:
            content = report_pdf(report_document(desk, item.facts["report"], language))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a document, the addressee must hear of the case
            log().error("delivery.document_left_out", delivery=item.delivery, error=type(error).__name__)
            continue
        yield Attachment(f"report-{item.facts['report']}.pdf", content)


def _part(desk: Desk, due: Due, item: Item, language: str) -> tuple[Mapping[str, str], str, str]:
    """Facts, subject and body of one delivery."""
    try:
        if item.incident is None:
            facts = desk.wording.alone(item.facts, language, repeat=due.repeat)
        else:
            facts = desk.wording.facts(
                item.facts, due.recipient, language, channel=due.channel, repeat=due.repeat, drill=due.drill,
                token=item.token,
            )  # fmt: skip
        subject, body = desk.renderer.render(item.template, language, facts)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a text, somebody must be told of the case
        log().error("delivery.not_written", delivery=item.delivery, error=type(error).__name__)
        words, case = catalog(language), {"incident": str(item.facts.get("incident", ""))}
        return {}, words.say("message.plain.subject", case), words.say("message.plain.body", case)
    return facts, subject, body


def _as_one(desk: Desk, language: str, parts: Sequence[tuple[Mapping[str, str], str, str]]) -> tuple[str, str]:
    """A list of the subjects first, then every text whole: nothing that was to be said is left out."""
    gravest = max(facts.get("level", "") for facts, _, _ in parts)
    facts = {**parts[0][0], "number": "", "count": str(len(parts)), "level": gravest}
    subject, head = desk.renderer.render(BUNDLE, language, facts)
    contents = "\n".join(f"{place:>3}. {title}" for place, (_, title, _) in enumerate(parts, 1))
    whole = [f"{_RULE}\n{place}. {title}\n\n{body}" for place, (_, title, body) in enumerate(parts, 1)]
    return subject, "\n".join((head, contents, "", *whole))
