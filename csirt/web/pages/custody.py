"""The evidence on an incident's page."""

from csirt.model.authority import Permission, may
from csirt.store.queries.evidence import evidence_of
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.forms import new_key
from csirt.web.session import Visit
from csirt.web.views.evidence import EvidencePart, EvidenceRow
from csirt.web.views.frame import Form


def part_of(look: Look, visit: Visit, words: Words, incident: str) -> EvidencePart:
    """The files of an incident, and what this reader may do with them."""
    hands_over = may(visit.actor, Permission.HAND_OVER_EVIDENCE)
    return EvidencePart(
        rows=tuple(
            EvidenceRow(
                id=one.id, name=one.name, size=one.size, sha256=one.sha256, by=words.name(one.by), at=one.at,
                state=one.state, checked_at=one.checked_at, key=new_key() if hands_over else "",
            )
            for one in evidence_of(look, incident)
        ),
        most=visit.desk.custody.most,
        may_add=may(visit.actor, Permission.COLLECT_EVIDENCE),
        may_read=may(visit.actor, Permission.READ_EVIDENCE),
        may_hand_over=hands_over,
        form=Form(key=new_key()),
    )  # fmt: skip
