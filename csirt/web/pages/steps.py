"""The steps of a run as far as they are recorded: those that ended, in order, and those that wait, side by side."""

from collections.abc import Mapping
from dataclasses import replace

from csirt.model.authority import may_answer
from csirt.model.step import Json, StepState
from csirt.store.queries.work import EscalationView, StepView
from csirt.texts.steps import StepText
from csirt.web.api.words import Words
from csirt.web.session import Visit
from csirt.web.views.incident import Branch, SideBySide, Step


def title_of(text: StepText) -> str:
    """A step's title, with its item where it has one that the title does not name."""
    return f"{text.title} [{text.item}]" if text.item and text.item not in text.title else text.title


class Steps:
    """Puts the steps of one incident into views."""

    def __init__(self, visit: Visit, words: Words, playbook: str | None, climbs: Mapping[str, EscalationView]) -> None:
        """`climbs` are the escalations of the incident by step."""
        self._visit = visit
        self._words = words
        self._playbook = playbook
        self._climbs = climbs

    def views(self, found: list[StepView]) -> tuple[Step | SideBySide, ...]:
        """What waits now, a branch for each that is waited for; below, what ended, the last first.

        Which open steps belong to one branch of the playbook is not recorded; that they are open at once is.
        """
        steps = [self._step(view, str(number)) for number, view in enumerate(found, 1)]
        ended = [step for step in reversed(steps) if step.state is not StepState.OPEN]
        waiting: dict[str, list[Step]] = {}
        for step in steps:
            if step.state is StepState.OPEN:
                waiting.setdefault(step.waiting_for, []).append(step)
        if sum(len(branch) for branch in waiting.values()) < 2:
            return (*(step for branch in waiting.values() for step in branch), *ended)
        return (SideBySide(branches=tuple(self._branch(who, branch) for who, branch in waiting.items())), *ended)

    def _branch(self, who: str, steps: list[Step]) -> Branch:
        title = self._words.name.words.say("step.waiting_for", {"who": who})
        return Branch(title=title, steps=tuple(replace(step, waiting_for="") for step in steps))

    def _step(self, view: StepView, number: str) -> Step:
        text = self._words.step_text(self._playbook, view.key)
        asked = view.assignment
        answer = asked.answer if asked and isinstance(asked.answer, dict) else {}
        return Step(
            key=view.key,
            title=title_of(text),
            kind=view.kind,
            number=number,
            state=view.state,
            waiting_for=self._words.name(asked.who) if asked else self._waited_for(view),
            since=view.opened_at,
            due=asked.due_at if asked else None,
            answer=self._answer(view, text),
            reason=str(answer.get("reason") or ""),
            by=self._words.name(asked.answered_by) if asked and asked.answered_by else self._words.name("system"),
            at=view.ended_at,
            assignment=asked.id if asked else "",
            may_answer=asked is not None and may_answer(self._visit.actor, asked.who),
        )

    def _waited_for(self, view: StepView) -> str:
        """Who is waited for where nobody was asked: whoever a chain calls, else the system itself."""
        climb = self._climbs.get(view.key)
        chain = self._visit.desk.door.city.chains.get(climb.chain) if climb else None
        return chain.title.get(self._words.language) or chain.name if chain else self._words.name("system")

    def _answer(self, view: StepView, text: StepText) -> str:
        if view.assignment:
            return choice_text(self._words, text, view.assignment.choice)
        if view.key in self._climbs and isinstance(view.value, dict):
            between = self._words.name.words.gettext("list.separator")
            return between.join(self._route(name, state) for name, state in view.value.items())
        return ""

    def _route(self, name: str, state: Json) -> str:
        words = self._words.name.words
        return words.say("tell.pair", {"name": name, "text": words.gettext(f"route_state.{state}")})


def choice_text(words: Words, text: StepText, choice: str | None) -> str:
    """An answer in words."""
    if not choice:
        return ""
    catalog = words.name.words
    return text.choices.get(choice) or (
        catalog.gettext(f"choice.{choice}") if catalog.has(f"choice.{choice}") else choice
    )
