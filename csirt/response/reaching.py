"""Messages that a run sends by itself: a chain climbed for its own sake, and a notice that waits for nobody."""

from csirt.model.incident import Disposition
from csirt.model.message import Recipient
from csirt.model.party import Nobody, resolve
from csirt.model.step import StepKind
from csirt.record.entry import EntryKind
from csirt.response import deliveries, escalations, people, runs
from csirt.response.runs import Claim
from csirt.store.tx import Tx


def reach(tx: Tx, held: Claim, step: str, chain: str, template: str) -> None:
    """Open a step that ends when the chain does."""
    runs.add_step(tx, held, step, StepKind.REACH)
    escalations.start(tx, held.incident, held.run, step, chain, template)


def tell(tx: Tx, held: Claim, step: str, who: tuple[str, ...], by: tuple[str, ...], template: str) -> None:
    """Send a notice to parties on channels; done at once. A party that nobody stands for is said in the record."""
    runs.add_step(tx, held, step, StepKind.TELL)
    told = _notify(tx, held, step, who, by, template)
    runs.finish_step(tx, held, step, {"told": told}, out={"told": told})


def close(tx: Tx, held: Claim, disposition: Disposition, because: str) -> None:
    """End the run with its incident; nobody is called any more for a closed case. Raises as `incidents.close`."""
    escalations.call_off(tx, held.incident)
    runs.close(tx, held, disposition, because)


def stop(tx: Tx, held: Claim, code: str, step: str = "") -> None:
    """Stop a run after drift or a fault of its code, and tell the officers, so that people go on by hand."""
    runs.stop(tx, held, code, step)
    _notify(tx, held, step or "run_stopped", ("role:officer", "post:csirt-head"), ("mail",), "run_stopped", code=code)


def _notify(
    tx: Tx, held: Claim, step: str, who: tuple[str, ...], by: tuple[str, ...], template: str, **more: str
) -> int:
    """Queue a message to everybody that these parties stand for; returns how many there are."""
    known = people.roster(tx.session, tx.vault)
    facts = escalations.facts_of(tx, held.incident, step) | more
    told = 0
    for party in who:
        contacts = resolve(party, known, tx.city.offices)
        if isinstance(contacts, Nobody):
            out = {"party": party, "code": contacts.code}
            tx.record(EntryKind.TIER_SKIPPED, incident=held.incident, run=held.run, step=step, out=out)
            continue
        for contact in contacts:
            for channel in by:
                if address := contact.addresses.get(channel):
                    recipient = Recipient(party, contact.name, address, contact.person)
                    deliveries.queue(tx, held.incident, channel, recipient, template, facts, step=step)
                    told += 1
    return told
