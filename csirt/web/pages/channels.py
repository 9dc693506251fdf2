"""連絡手段: the ways out of the house, each with a button that sends the reader a test message."""

from collections.abc import Iterator, Mapping

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import DeliveryFailed
from csirt.model.authority import Permission, must
from csirt.model.health import PartHealth
from csirt.model.message import Message, Recipient
from csirt.response import channel_tests
from csirt.settings import Settings
from csirt.store.tx import new_id
from csirt.texts.catalogs import catalog
from csirt.web.pages.drawing import show
from csirt.web.pages.forms import SentForm, new_key
from csirt.web.session import SignedIn, Visit
from csirt.web.views.administration import ChannelRow, Channels, Tested
from csirt.wellness import check

router = APIRouter(include_in_schema=False)

TO_ALL = frozenset({"webhook"})  # leads to one address of the city, whoever is meant


@router.get("/channels")
def show_channels(request: Request, visit: SignedIn) -> Response:
    """Every channel with how it stands."""
    must(visit.actor, Permission.ADMINISTER)
    return show(request, visit, _view(visit, None), "administration")


@router.post("/channels/{channel}/test")
def take_test(request: Request, channel: str, sent: SentForm) -> Response:
    """Send the reader a test message, within the seconds that a channel takes, and say what came of it."""
    visit = sent.visit
    known = frozenset(visit.desk.channels)
    is_new = visit.desk.commit(visit.actor, channel_tests.begin, channel, known=known, request_key=sent.request_key)
    tested = _send(visit, channel) if is_new else None
    return show(request, visit, _view(visit, tested), "administration", path="/channels")


def _send(visit: Visit, channel: str) -> Tested:
    words, address = catalog(visit.language), _mine(visit, channel)
    if not address and channel not in TO_ALL:
        return Tested(channel=channel, code="channel_no_address")
    city = visit.desk.door.city
    said = {"city": city.name_ja if visit.language == "ja" else city.name_en}
    message = Message(
        id=new_id("t"), template="test", language=visit.language,
        recipient=Recipient(f"person:{visit.actor.id}", visit.person.name, address, visit.actor.id),
        subject=words.say("channel.test.subject", said), body=words.say("channel.test.body", said),
        at=visit.desk.clock.now(),
    )  # fmt: skip
    try:
        receipt = visit.desk.channels[channel].send(message)
    except DeliveryFailed as error:
        return Tested(channel=channel, code=error.code, reply=error.reply)
    return Tested(channel=channel, reply=receipt.reply)


def _mine(visit: Visit, channel: str) -> str:
    """The reader's own address on a channel; that of their mail where they have none for the closed network."""
    points = {point.channel: point.address for point in visit.person.points}
    return points.get(channel) or (points.get("mail", "") if channel == "lgwan-mail" else "")


def _view(visit: Visit, tested: Tested | None) -> Channels:
    found = {one.name: one for one in check(visit.desk) if one.part == "channel"}
    return Channels(rows=tuple(_rows(visit, found)), tested=tested)


def _rows(visit: Visit, found: Mapping[str, PartHealth]) -> Iterator[ChannelRow]:
    words = catalog(visit.language)
    for name in visit.desk.channels:
        state = found.get(name)
        way, host = _to(visit.desk.settings, name)
        yield ChannelRow(
            name=name,
            to=words.say(f"channel.way.{way}", {"host": host}),
            state=state.state.value if state else "",
            since=state.since if state else None,
            why=words.error(state.code) if state and state.code else "",
            mine=_mine(visit, name),
            key=new_key(),
        )


def _to(settings: Settings, name: str) -> tuple[str, str]:
    """By what a channel goes, and to which host; secrets and whole addresses are not shown."""
    if name in {"mail", "lgwan-mail"}:
        return ("smtp", f"{settings.smtp_host}:{settings.smtp_port}") if settings.smtp_host else ("folder", name)
    return (name, "") if name in {"webhook", "apprise"} else ("other", "")
