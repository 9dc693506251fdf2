"""Acknowledging without a sign-in: by link, and by answering the mail; with the token and nothing else."""

import email
from collections.abc import Iterator
from datetime import timedelta
from email.policy import default
from pathlib import Path

import pytest
from sqlmodel import select

from csirt import founding
from csirt.bootstrap import wire
from csirt.clock import FixedClock
from csirt.errors import Forbidden, NotFound
from csirt.model.authority import Permission, may
from csirt.model.contact import ContactChain, Need, Route, Tier
from csirt.model.people import SYSTEM
from csirt.replying import Replies
from csirt.response import acknowledging, escalations, incidents
from csirt.response.acknowledging import LIFE
from csirt.settings import Settings
from csirt.store.queries import work
from csirt.store.tables.outbox import AckTokenRow
from tests.plays import assert_sound, entries
from tests.response.test_climbing_on import use_chains
from tests.response.test_outbox import Line, unknown
from tests.world import TUESDAY_MORNING, World

HOUR = timedelta(hours=1)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[World]:
    """A city that has an address, and reads answers from a folder."""
    data = tmp_path / "data"
    founding.found(data, founding.SAMPLE_CITY)
    (tmp_path / "answers").mkdir()
    settings = Settings(data=data, base_url="https://csirt.city.example", reply_folder=tmp_path / "answers")
    clock = FixedClock(TUESDAY_MORNING)
    made = World(wire(settings, "cli", clock), clock)
    yield made
    made.desk.close()


def call_two(world: World, *, need: Need = Need.ALL) -> tuple[str, Line]:
    """Call the window and the prefecture by mail, until both acknowledge."""
    tier = Tier(timedelta(), ("post:poc", "office:pref-security"), ("mail", "lgwan-mail"), need)
    use_chains(world, ContactChain("c", (Route("a", (tier,), wait=HOUR, repeat=3),)))
    incident = world.open()
    climb = world.desk.commit(SYSTEM, escalations.start, incident, None, "is_it_an_incident", "c", "page")
    line = Line([])
    object.__setattr__(world.desk, "channels", {"mail": line, "lgwan-mail": line})
    world.chores.send()
    return climb, line


def token_for(line: Line, party: str) -> str:
    facts = next(sent.facts for sent in line.seen if sent.recipient.party == party)
    assert facts["ack_link"] == f"https://csirt.city.example/acknowledge/{facts['ack_code']}"
    return str(facts["ack_code"])


def by_link(world: World, token: str, auth: str = "link") -> None:
    call = world.desk.look(acknowledging.held_call, token)
    world.desk.commit(acknowledging.caller(call, auth), acknowledging.by_token, token)


def test_a_link_acknowledges_for_a_person_and_for_an_office(city: World) -> None:
    climb, line = call_two(city)
    by_link(city, token_for(line, "post:poc"))
    view = next(one for one in city.desk.look(work.escalations) if one.id == climb)
    assert view.ended_at is None
    by_link(city, token_for(line, "office:pref-security"))
    by_link(city, token_for(line, "office:pref-security"))
    view = next(one for one in city.desk.look(work.escalations) if one.id == climb)
    assert view.ended_at == city.clock.now()
    told = entries(city, view.incident, "CALL_ACKNOWLEDGED")
    assert [(entry.out["by"], entry.auth) for entry in told][1:] == [("office:pref-security", "link")]
    assert told[0].actor.startswith("p-")
    assert_sound(city)


def test_a_token_is_kept_as_a_hash_only(city: World) -> None:
    _, line = call_two(city)
    token = token_for(line, "post:poc")
    with city.desk.read() as session:
        kept = session.exec(select(AckTokenRow.hash)).all()
    assert token not in kept
    assert len(kept) == len(line.seen)
    for path in city.desk.settings.data.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes()


def test_every_attempt_has_a_token_of_its_own_and_each_serves(city: World) -> None:
    tier = Tier(timedelta(), ("post:poc",), ("mail",))
    use_chains(city, ContactChain("c", (Route("a", (tier,), wait=HOUR),)))
    city.desk.commit(SYSTEM, escalations.start, city.open(), None, "is_it_an_incident", "c", "page")
    line = Line([unknown])
    object.__setattr__(city.desk, "channels", {"mail": line})
    city.chores.send()
    city.clock.forward(timedelta(minutes=1))
    city.chores.send()
    first, second = (str(sent.facts["ack_code"]) for sent in line.seen)
    assert first != second
    by_link(city, first)
    by_link(city, second)
    assert city.kinds().count("CALL_ACKNOWLEDGED") == 1


@pytest.mark.parametrize("token", ["", "x", "0" * 26, "0" * 25 + "u", "\udcff", "../../etc", "0" * 10_000])
def test_what_is_no_token_opens_nothing(city: World, token: str) -> None:
    call_two(city)
    with pytest.raises(NotFound, match="ack_link_unknown"):
        city.desk.look(acknowledging.held_call, token)


def test_a_token_expires(city: World) -> None:
    _, line = call_two(city)
    city.clock.forward(LIFE + timedelta(seconds=1))
    with pytest.raises(NotFound, match="ack_link_expired"):
        by_link(city, token_for(line, "post:poc"))


def test_nobody_acknowledges_for_another_with_their_token(city: World) -> None:
    _, line = call_two(city)
    other = acknowledging.caller(
        city.desk.look(acknowledging.held_call, token_for(line, "office:pref-security")), "link"
    )
    with pytest.raises(Forbidden, match="not_called"):
        city.desk.commit(other, acknowledging.by_token, token_for(line, "post:poc"))


@pytest.mark.parametrize("auth", ["link", "mail"])
def test_a_token_is_good_for_nothing_else(city: World, auth: str) -> None:
    _, line = call_two(city)
    actor = acknowledging.caller(city.desk.look(acknowledging.held_call, token_for(line, "post:poc")), auth)
    assert [permission for permission in Permission if may(actor, permission)] == [Permission.ACKNOWLEDGE_CALL]
    incident = city.desk.look(work.escalations)[0].incident
    with pytest.raises(Forbidden, match="not_permitted"):
        city.desk.commit(actor, incidents.add_note, incident, "試み")


def test_without_an_address_of_ours_there_is_no_link(world: World) -> None:
    use_chains(world, ContactChain("c", (Route("a", (Tier(timedelta(), ("post:poc",), ("mail",)),), wait=HOUR),)))
    world.desk.commit(SYSTEM, escalations.start, world.open(), None, "is_it_an_incident", "c", "page")
    line = Line([])
    object.__setattr__(world.desk, "channels", {"mail": line})
    world.chores.send()
    assert "acknowledge" not in line.seen[0].body
    assert "ACK-" not in line.seen[0].subject


# ------------------------------------------------------------------------------------------------------ by answering


def answer_mail(world: World, name: str, subject: str, **headers: str) -> int:
    folder = world.desk.settings.reply_folder
    assert folder
    mail = email.message.EmailMessage(policy=default)
    mail["From"], mail["Subject"] = "somebody@city.example", f"Re: {subject}"
    for header, value in headers.items():
        mail[header.replace("_", "-")] = value
    mail.set_content("承知しました。")
    (folder / f"{name}.eml").write_bytes(mail.as_bytes())
    return Replies(world.desk).take_in()


def subject_for(line: Line, party: str) -> str:
    return next(sent.subject for sent in line.seen if sent.recipient.party == party)


def test_answering_the_mail_acknowledges(city: World) -> None:
    climb, line = call_two(city, need=Need.ANY)
    assert answer_mail(city, "holiday", subject_for(line, "post:poc"), Auto_Submitted="auto-replied") == 0
    assert answer_mail(city, "stranger", "[ACK-" + "0" * 26 + "]") == 0
    assert city.kinds().count("CALL_ACKNOWLEDGED") == 0
    assert answer_mail(city, "answer", subject_for(line, "post:poc")) == 1
    view = next(one for one in city.desk.look(work.escalations) if one.id == climb)
    assert view.ended_at == city.clock.now()
    assert [entry.auth for entry in entries(city, view.incident, "CALL_ACKNOWLEDGED")] == ["mail"]
    assert_sound(city)


def test_the_mail_says_how(city: World) -> None:
    _, line = call_two(city)
    mail = next(sent for sent in line.seen if sent.recipient.party == "post:poc")
    assert f"[ACK-{mail.facts['ack_code']}]" in mail.subject
    assert mail.facts["ack_link"] in mail.body
    assert "そのまま返信しても" in mail.body
    assert "返信では受け付けられません" not in mail.body
