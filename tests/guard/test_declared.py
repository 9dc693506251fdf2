"""A number that is no 個人番号 though it passes the check: declared by a person, kept, and recorded as declared."""

import json

import pytest

from csirt.errors import Invalid
from csirt.guard import DECLARED, declared_numbers, find_my_numbers, mask, refuse_my_number
from csirt.model.people import SYSTEM
from csirt.record.entry import EntryKind
from csirt.response import access, incidents, setting_aside
from csirt.store.queries import work
from csirt.store.queries.cases import notes
from tests.world import World, world

__all__ = ["world"]
NUMBER = "123456789018"


@pytest.mark.parametrize(
    "text",
    [
        f"伝票 {DECLARED}{NUMBER}",
        "伝票 個人番号でない：１２３４５６７８９０１８",
        "個人番号でない: 1234 5678 9018 の納品書",
        "invoice not-my-number:123456789018",
        "Not-My-Number: 1234-5678-9018",
    ],
)
def test_a_declared_number_passes_where_people_type(text: str) -> None:
    refuse_my_number(text, field="text")
    assert declared_numbers(text) == 1
    assert mask(text, declared=True) == text


@pytest.mark.parametrize(
    "text",
    [
        f"{DECLARED}{NUMBER}、もう一つ {NUMBER}",
        f"個人番号です:{NUMBER}",
        f"{DECLARED}伝票は {NUMBER}",
        f"{NUMBER} {DECLARED}",
        f"個人番号 {NUMBER}",
    ],
)
def test_only_the_number_right_behind_the_words_is_declared(text: str) -> None:
    with pytest.raises(Invalid, match="my_number_refused"):
        refuse_my_number(text, field="text")
    assert NUMBER not in mask(text, declared=True).replace(f"{DECLARED}{NUMBER}", "")


def test_what_a_sensor_sends_declares_nothing() -> None:
    assert NUMBER not in mask(f"{DECLARED}{NUMBER}")
    assert len(find_my_numbers(f"{DECLARED}{NUMBER}")) == 1


def test_the_record_says_who_declared_it_and_holds_no_digit(world: World) -> None:
    incident = world.open(title="誤送信")
    text = f"納品書 {DECLARED}{NUMBER}"
    me = world.person("k.sato")
    world.desk.commit(me, incidents.add_note, incident, text)
    assert [one.text for one in world.desk.look(notes, incident)] == [text]
    told = [one for one in world.told(incident) if one.kind is EntryKind.GUARD_OVERRIDDEN]
    assert [(one.actor, one.out) for one in told] == [(me.id, {"field": "text", "numbers": 1})]
    world.desk.commit(SYSTEM, incidents.add_note, incident, text)
    assert NUMBER not in world.desk.look(notes, incident)[-1].text


def test_an_answer_is_kept_without_its_secrets_and_says_what_it_declares(world: World) -> None:
    incident = world.open(title="誤送信")
    world.work()
    reason = f"token=csd_0a1b2c3d4e5f.0a1b2c {DECLARED}{NUMBER}"
    world.answer("is_it_an_incident", "k.sato", "yes", reason)
    steps = {one.key: one for one in world.desk.look(work.steps, incident)}
    kept = json.dumps(steps["is_it_an_incident"].value, ensure_ascii=False)
    assert "csd_" not in kept
    assert f"{DECLARED}{NUMBER}" in kept
    assert EntryKind.GUARD_OVERRIDDEN in [one.kind for one in world.told(incident)]


def test_a_step_is_skipped_without_the_secrets_of_the_reason(world: World) -> None:
    incident = world.open(title="誤送信")
    world.work()
    cancel = setting_aside.cancel
    world.desk.commit(world.person("k.sato"), cancel, incident, "is_it_an_incident", "password: Kz9secret")
    values = [one.value for one in world.desk.look(work.steps, incident)]
    assert "Kz9secret" not in json.dumps(values, ensure_ascii=False)


def test_a_secret_is_no_name_for_a_token_since_names_stand_in_the_record(world: World) -> None:
    with pytest.raises(Invalid, match="token_name_malformed"):
        world.desk.commit(world.person("k.sato"), access.issue_token, "token=csd_0a1b2c3d4e5f.0a1b2c")
    assert EntryKind.TOKEN_ISSUED.value not in world.kinds()
