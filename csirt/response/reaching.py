"""Messages that a run sends by itself: a chain climbed for its own sake, and a notice that waits for nobody."""

from csirt.model.incident import Disposition
from csirt.model.message import Recipient
from csirt.model.party import Nobody, resolve
from csirt.model.step import At, StepKind
from csirt.record.entry import EntryKind
from csirt.response import call_sheets, deliveries, escalations, locks, people, runs
from csirt.response.runs import Claim
from csirt.store.tx import Tx


def reach(tx: Tx, held: Claim, at: At, chain: str, template: str) -> None:
    """Open a step that ends when the chain does. Without the chain's file it fails: a person takes it over."""
    runs.add_step(tx, held, at, StepKind.REACH)
    if chain in tx.city.chains:
        if not escalations.join(tx, held.incident, held.run, at.key, chain):
            escalations.start(tx, held.incident, held.run, at.key, chain, template, said=at.said())
        return
    runs.settle(
        tx, held.run, held.incident, at.key, {"gave_up": "chain_unknown"}, kind=EntryKind.STEP_FAILED,
        out={"code": "chain_unknown", "chain": chain, **at.said()}, wake=False,
    )  # fmt: skip


def tell(tx: Tx, held: Claim, at: At, who: tuple[str, ...], by: tuple[str, ...], template: str) -> None:
    """Send a notice to parties on channels; done at once. A party that nobody stands for is said in the record."""
    runs.add_step(tx, held, at, StepKind.TELL)
    told = notify(tx, held.incident, held.run, at.key, who, by, template)
    runs.finish_step(tx, held, at.key, {"told": told}, out={"told": told, **at.said()})


def call(tx: Tx, incident: str, run: str, step: str, chain: str, who: str) -> None:
    """Call a chain for a question to `who`.

    Without the chain's file, whoever is asked is told by mail, and the record says that nobody else was.
    """
    if chain in tx.city.chains:
        escalations.start(tx, incident, run, step, chain, "page")
        return
    out = {"code": "chain_unknown", "chain": chain}
    tx.record(EntryKind.TIER_SKIPPED, incident=incident, run=run, step=step, out=out)
    notify(tx, incident, run, step, (who,), ("mail",), "assignment")


def close(tx: Tx, held: Claim, disposition: Disposition, because: str) -> None:
    """End the run with its incident; nobody is called any more for a closed case. Raises as `incidents.close`."""
    locks.hold(tx, held.incident)
    escalations.call_off(tx, held.incident)
    runs.close(tx, held, disposition, because)


def stop(tx: Tx, held: Claim, code: str, step: str = "") -> None:
    """Stop a run after drift or a fault of its code, and tell the officers, so that people go on by hand."""
    runs.stop(tx, held, code, step)
    _tell_of_stop(tx, held.incident, held.run, code, step)


def stop_now(tx: Tx, run: str, incident: str, code: str, step: str) -> None:
    """As `stop`, for who holds no lease on the run."""
    runs.stop_now(tx, run, incident, code, step)
    _tell_of_stop(tx, incident, run, code, step)


def _tell_of_stop(tx: Tx, incident: str, run: str, code: str, step: str) -> None:
    who = ("role:officer", "post:csirt-head")
    notify(tx, incident, run, step or "run_stopped", who, ("mail",), "run_stopped", code=code)


def notify(
    tx: Tx,
    incident: str,
    run: str | None,
    step: str,
    who: tuple[str, ...],
    by: tuple[str, ...],
    template: str,
    **more: str,
) -> int:
    """Queue a message to everybody that these parties stand for; returns how many there are."""
    known = people.roster(tx.session, tx.vault, at=tx.now)
    known = people.callable_in(tx.session, known, {incident}).get(incident, known)
    facts = escalations.facts_of(tx, incident, step) | more
    told = 0
    for party in who:
        contacts = resolve(party, known, tx.city.offices)
        if isinstance(contacts, Nobody):
            out = {"party": party, "code": contacts.code}
            tx.record(EntryKind.TIER_SKIPPED, incident=incident, run=run, step=step, out=out)
            continue
        for contact in contacts:
            for channel in by:
                if address := contact.addresses.get(channel):
                    recipient = Recipient(party, contact.name, address, contact.person)
                    deliveries.queue(tx, incident, channel, recipient, template, facts, step=step)
                    told += 1
    return told


def phone(tx: Tx, incident: str, step: str, who: tuple[str, ...]) -> None:
    """Ask a member of staff to phone everybody that these parties stand for."""
    known = people.roster(tx.session, tx.vault, at=tx.now)
    known = people.callable_in(tx.session, known, {incident}).get(incident, known)
    facts = escalations.facts_of(tx, incident, step)
    for party in who:
        contacts = resolve(party, known, tx.city.offices)
        for contact in () if isinstance(contacts, Nobody) else contacts:
            if number := contact.addresses.get("phone"):
                recipient = Recipient(party, contact.name, number, contact.person)
                delivery = deliveries.queue(tx, incident, "phone", recipient, "call_sheet", facts, step=step)
                call_sheets.open_sheet(tx, incident, None, step, delivery)
