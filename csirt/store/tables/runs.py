"""Rows of playbook runs, their steps, timers, and the steps that wait for people."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from csirt.store.columns import BigId, Row, UtcDateTime


class RunRow(Row, table=True):
    """One performance of a playbook."""

    __tablename__ = "playbook_run"

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", unique=True)
    playbook: str
    version: int
    opened_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stopped_by: str | None = None


class RunDueRow(Row, table=True):
    """Whether a run is due (`wake > seen`), and who holds it. Bookkeeping, not part of the record."""

    __tablename__ = "run_due"

    run: str = Field(primary_key=True, foreign_key="playbook_run.id")
    wake: int = 1
    seen: int = 0
    woken_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # since when it has been due
    ended: bool = Field(default=False, index=True)
    lease: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    prefect_run: str | None = None
    shown: bool = Field(default=True)  # does Prefect's page show that the run has ended?
    pool: str | None = None  # the work pool of Prefect whose workers drive it; None: the workers of this machine
    called: int = 0  # the wake-up for which the pool was last called
    call_again_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StepRow(Row, table=True):
    """One step of a run; its value lies in the vault."""

    __tablename__ = "step"

    run: str = Field(primary_key=True, foreign_key="playbook_run.id")
    key: str = Field(primary_key=True)
    kind: str
    state: str
    attempts: int = 0
    opened_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    value_c: str | None = None
    position: int = 0
    branch: str = ""  # the playbook's branch that it belongs to: `contain/isolate`
    mandatory: bool = False


class AssignmentRow(Row, table=True):
    """A step that waits for a person."""

    __tablename__ = "assignment"

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", index=True)
    run: str | None = Field(default=None, index=True)
    step: str
    kind: str
    who: str
    choices: list[list[str | bool]] = Field(sa_type=JSON)
    fields: list[str] = Field(default_factory=list, sa_type=JSON)
    form: list[dict[str, Any]] | None = Field(default=None, sa_type=JSON)  # what each field takes; None: any text
    not_by: list[str] = Field(default_factory=list, sa_type=JSON)
    showing: list[str] = Field(default_factory=list, sa_type=JSON)
    chain: str | None = None
    delivery: str | None = Field(default=None, unique=True)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    at_deadline: dict[str, str] | None = Field(default=None, sa_type=JSON)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    answered_by: str | None = None
    choice: str | None = None
    answer_c: str | None = None
    taken_by: str | None = None  # who has it in hand; whoever may answer still may
    taken_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    handed_by: str | None = None  # who handed it to them, with a note or none
    handed_c: str | None = None
    referred_from: str | None = None  # who it was asked of first, before somebody there could not do it
    referred_by: str | None = None
    referred_c: str | None = None  # why not
    text_c: str | None = None  # what is to be done, where no playbook says it
    asked_by: str | None = None  # who asked for it
    necessary: bool = False  # the case is not closed before it is done or waived
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    proxy_for: str | None = None  # the post for whose absent holder a deputy answered (代決)


class TimerRow(Row, table=True):
    """An instant at which something becomes due. `kind`: retry, wait, deadline."""

    __tablename__ = "timer"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    run: str = Field(foreign_key="playbook_run.id", index=True)
    step: str
    kind: str
    due_at: datetime = Field(sa_type=UtcDateTime, index=True)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class ActionDueRow(Row, table=True):
    """A slow action on its way, done apart from its run's passes. Bookkeeping; gone once the step has its outcome."""

    __tablename__ = "action_due"

    run: str = Field(primary_key=True, foreign_key="playbook_run.id")
    step: str = Field(primary_key=True)
    arguments_c: str
    not_before: datetime = Field(sa_type=UtcDateTime, index=True)
    lease: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
