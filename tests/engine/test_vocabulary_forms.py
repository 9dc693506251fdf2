"""Answers with fields: a pydantic model says what they take, the record keeps them, the playbook reads them typed."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_validator

from csirt.errors import Invalid
from csirt.model.form import FormField, FormKind
from csirt.playbook import Answer, Disposition, File, Responder, Role, choose, seconds
from csirt.playbook.forms import fields_of
from csirt.response import evidence, forms
from tests.plays import agree, assert_sound, entries, play_of, start, stopped_by
from tests.world import World


class Damage(BaseModel):
    """What a form asks."""

    persons: Annotated[int, Field(ge=0, le=100_000)]
    found_at: datetime
    kind: Literal["leaked", "lost"]
    note: Annotated[str, Field(max_length=50)] = ""
    log: File | None = None


def damage_of(answers: list[Answer[Damage | None]], **asking: object) -> object:
    def body(respond: Responder) -> Disposition:
        answers.append(respond.ask("damage", who=Role.OFFICER, fields=Damage, **asking))  # type: ignore[call-overload]
        agree(respond)
        return respond.close(Disposition.BENIGN)

    return body


def test_a_playbook_reads_the_fields_typed(world: World) -> None:
    answers: list[Answer[Damage | None]] = []
    incident = start(world, play_of(damage_of(answers)))  # type: ignore[arg-type]
    world.work()
    with world.desk.custody.begin(incident) as writer:
        writer.write(b"a line of a log")
        kept = writer.keep()
    piece = world.desk.commit(world.person("k.sato"), evidence.collect, incident, kept, "log.txt")
    world.answer(
        "damage",
        "k.sato",
        "yes",
        persons="１,２００",
        found_at="令和8年11月24日 10時3分",
        kind="leaked",
        note="",
        log=piece,
    )
    world.work()
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert [answer.fields for answer in answers] == [
        Damage(persons=1200, found_at=datetime(2026, 11, 24, 1, 3, tzinfo=UTC), kind="leaked", note="", log=File(piece))
    ] * 2
    told = next(entry for entry in entries(world, incident, "STEP_ANSWERED") if entry.step == "damage")
    assert '"2026-11-24T10:03+09:00"' in told.texts["value"]
    assert "1200" not in str(told.out)
    assert_sound(world)


GOOD: dict[str, Any] = {"persons": 3, "found_at": "2026-11-24T10:03", "kind": "lost"}
MISFITS: list[tuple[dict[str, Any], str, str]] = [
    ({"persons": ""}, "persons", "field_missing"),
    ({"persons": "三人"}, "persons", "count_malformed"),
    ({"persons": 2.5}, "persons", "count_malformed"),
    ({"persons": True}, "persons", "count_malformed"),
    ({"persons": -1}, "persons", "count_too_small"),
    ({"persons": "100001"}, "persons", "count_too_large"),
    ({"found_at": "きのう"}, "found_at", "time_malformed"),
    ({"found_at": "2026-11-24"}, "found_at", "time_malformed"),
    ({"found_at": "令和8年11月31日 10:03"}, "found_at", "date_impossible"),
    ({"found_at": "令和8年11月24日 25:03"}, "found_at", "time_malformed"),
    ({"found_at": 5}, "found_at", "field_invalid"),
    ({"kind": "stolen"}, "kind", "choice_unknown"),
    ({"note": "あ" * 51}, "note", "text_too_long"),
    ({"note": ["x"]}, "note", "field_invalid"),
    ({"note": "123456789018"}, "note", "my_number_refused"),
    ({"log": "v-nothing"}, "log", "evidence_unknown"),
    ({"other": "x"}, "other", "field_unknown"),
]


def test_a_field_that_does_not_fit_is_named_and_the_question_stays_open(world: World) -> None:
    incident = start(world, play_of(damage_of([])))  # type: ignore[arg-type]
    world.work()
    before = world.kinds()
    for wrong, field, code in MISFITS:
        with pytest.raises(Invalid) as refused:
            world.answer("damage", "k.sato", "yes", **{**GOOD, **wrong})
        assert (refused.value.params["field"], refused.value.code) == (field, code)
    assert (world.kinds(), set(world.waiting(incident))) == (before, {"damage"})


def test_whoever_declines_and_the_clock_fill_nothing_in(world: World) -> None:
    for declined in (True, False):
        answers: list[Answer[Damage | None]] = []
        body = damage_of(answers, within=seconds(5), at_deadline=choose("yes"))
        start(world, play_of(body))  # type: ignore[arg-type]
        world.work()
        if declined:
            world.answer("damage", "k.sato", "no")
        world.forward(seconds(6))
        assert [(answer.fields, answer.defaulted) for answer in answers] == [(None, not declined)]


class Watchful(BaseModel):
    """A form with a check that could not be kept with the question."""

    persons: int

    @field_validator("persons")
    @classmethod
    def even(cls, value: int) -> int:
        return value


class Odd(BaseModel):
    """A form with a field that no page can ask for."""

    persons: dict[str, int]


@pytest.mark.parametrize(("form", "code"), [(Watchful, "form_has_validators"), (Odd, "form_field_unsupported")])
def test_a_form_that_cannot_be_kept_stops_the_run(world: World, form: type[BaseModel], code: str) -> None:
    incident = start(world, play_of(lambda respond: respond.ask("damage", who=Role.OFFICER, fields=form)))
    world.work()
    assert stopped_by(world, incident) == code


def test_a_form_says_of_each_field_what_it_takes() -> None:
    assert fields_of(Damage) == (
        FormField("persons", FormKind.NUMBER, required=True, least=0, most=100_000),
        FormField("found_at", FormKind.TIME, required=True),
        FormField("kind", FormKind.CHOICE, required=True, options=("leaked", "lost")),
        FormField("note", FormKind.TEXT, most=50),
        FormField("log", FormKind.FILE),
    )
    assert all(FormField.from_plain(one.to_plain()) == one for one in fields_of(Damage))


JSON = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()) | st.dictionaries(
    st.text(), st.integers()
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([*Damage.model_fields, "other"]), JSON))
def test_whatever_is_sent_is_read_or_refused_by_name(values: dict[str, None]) -> None:
    refused = None
    try:
        Damage.model_validate(forms.checked(fields_of(Damage), values))
    except Invalid as error:
        refused = error
    assert refused is None or refused.params["field"] in {*Damage.model_fields, "other"}
