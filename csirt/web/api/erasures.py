"""Erasure of personal data: what there is, a proposal on a ground, the decision of a second person."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from csirt import erasing as carrying_out
from csirt.errors import Forbidden
from csirt.model.authority import Permission, may
from csirt.model.erasure import ErasureBasis, ErasureState
from csirt.model.people import Role
from csirt.record.entry import EntryKind
from csirt.response import erasing
from csirt.store.queries import erasures as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.erasures import Erasure
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.detections import RequestKey
from csirt.web.api.shapes import Code, Given, IdGiven, Taken, Text
from csirt.web.api.words import Words
from csirt.web.session import SignedIn, Visit

router = APIRouter(prefix=API, tags=["erasures"])
Texts = Annotated[list[Annotated[str, Field(max_length=88)]], Field(max_length=erasing.MOST_AT_ONCE)]


class ErasureTaken(Taken):
    """What is to be erased: texts by `c`, evidence by id, or `whole`; on which ground and why."""

    texts: Texts = Field(default_factory=list)
    evidence: Annotated[list[Code], Field(max_length=erasing.MOST_AT_ONCE)] = Field(default_factory=list)
    whole: bool = False
    basis: ErasureBasis
    reason: Text


class RejectionTaken(Taken):
    """Why nothing is erased."""

    reason: Text


class ErasableGiven(Given):
    """One text that can be erased. `needed`: a run that goes on reads it, so not yet."""

    c: str
    seq: int
    at: datetime
    kind: EntryKind
    actor: str
    actor_name: str
    name: str
    text: str
    needed: bool


class ErasureGiven(Given):
    """One erasure."""

    id: str
    incident: str
    texts: list[str]
    evidence: list[str]
    whole: bool
    basis: ErasureBasis
    basis_text: str
    reason: str
    state: ErasureState
    proposed_by: str
    proposed_by_name: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None


@router.get("/incidents/{name}/erasable")
def list_erasable(name: str, who: SignedIn) -> list[ErasableGiven]:
    """The texts of an incident that are still there; for those who may propose or decide an erasure."""
    must_deal_with(who)

    def question(look: Look) -> list[ErasableGiven]:
        words = Words(who.desk, look, who)
        return [
            ErasableGiven(**asdict(one), actor_name=words.name(one.actor))
            for one in questions.erasable(look, resolve_incident(look, name))
        ]

    return who.desk.look(question)


@router.get("/incidents/{name}/erasures")
def list_erasures(name: str, who: SignedIn) -> list[ErasureGiven]:
    """Erasures of an incident, newest first."""
    must_deal_with(who)

    def question(look: Look) -> list[ErasureGiven]:
        words = Words(who.desk, look, who)
        return [_given(one, words) for one in questions.of_incident(look, resolve_incident(look, name))]

    return who.desk.look(question)


@router.post("/incidents/{name}/erasures", status_code=201)
def propose_erasure(name: str, taken: ErasureTaken, who: SignedIn, key: RequestKey = None) -> IdGiven:
    """Propose an erasure; nothing is erased before a second person approves."""
    incident = who.desk.look(resolve_incident, name)
    made = who.desk.commit(
        who.actor, erasing.propose, incident, taken.texts, taken.evidence, taken.basis, taken.reason,
        whole=taken.whole, request_key=f"{who.actor.id}:{key}" if key else None,
    )  # fmt: skip
    return IdGiven(id=made)


@router.post("/erasures/{id}/approval", status_code=204)
def approve_erasure(id: str, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """Erase what was proposed. It cannot be undone."""
    carrying_out.approve(who.desk, who.actor, id)


@router.post("/erasures/{id}/rejection", status_code=204)
def reject_erasure(id: str, taken: RejectionTaken, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """Decide that nothing is erased."""
    who.desk.commit(who.actor, erasing.reject, id, taken.reason)


def must_deal_with(who: Visit) -> None:
    """Raises `Forbidden` for those who neither propose nor decide erasures, nor audit them."""
    deals = may(who.actor, Permission.PROPOSE_ERASURE) or may(who.actor, Permission.APPROVE_ERASURE)
    if not (deals or Role.AUDITOR in who.actor.roles):
        raise Forbidden("not_permitted", permission=Permission.PROPOSE_ERASURE.value)


def _given(one: Erasure, words: Words) -> ErasureGiven:
    more = {
        "basis_text": words.name.words.gettext(f"erasure_basis.{one.basis}"),
        "proposed_by_name": words.name(one.proposed_by),
    }
    return ErasureGiven.model_validate({**asdict(one), **more})
