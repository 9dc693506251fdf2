"""Erasure of personal data: on which ground, and how far it has come."""

from enum import StrEnum


class ErasureBasis(StrEnum):
    """Why personal data is erased. The value is also the text key (`erasure_basis.…`).

    個人情報の保護に関する法律: 61条 (no longer than needed), 98条 (suspension of use on the person's request), 90条
    (correction, deletion). Numbers of articles are shown with the words, not decided by.
    """

    NOT_NEEDED = "not_needed"
    PERSON_ASKED = "person_asked"
    WRONGLY_RECORDED = "wrongly_recorded"
    RETENTION_ENDED = "retention_ended"
    OTHER = "other"


class ErasureState(StrEnum):
    """The value is also the text key (`erasure_state.…`)."""

    PROPOSED = "proposed"
    DONE = "done"
    REJECTED = "rejected"
