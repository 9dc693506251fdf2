"""The steps of a run as far as they are recorded: those that ended, in order, and those that wait, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from csirt.model.authority import Permission, may, may_answer
from csirt.model.people import Actor
from csirt.model.step import Json, StepKind, StepState
from csirt.store.queries.work import AssignmentView, EscalationView, StepView
from csirt.texts.steps import StepText
from csirt.web.api.words import Words
from csirt.web.session import Visit
from csirt.web.views.incident import Branch, SideBySide, Step


def title_of(text: StepText) -> str:
    """A step's title, with its item where it has one that the title does not name."""
    return f"{text.title} [{text.item}]" if text.item and text.item not in text.title else text.title


_ACTS = {"skip": Permission.SKIP_STEP, "cancel": Permission.CANCEL_STEP}


def address_of(incident: str, step: str) -> str:
    """Where a step of an incident is set aside."""
    return f"/incidents/{incident}/steps/{quote(step)}/set-aside"


def acts_of(actor: Actor, step: StepView) -> tuple[str, ...]:
    """What this actor may do with a step besides its work; nothing where it has its outcome already."""
    if step.state is not StepState.OPEN or step.kind is StepKind.APPROVE:
        return ()
    if step.mandatory and not may(actor, Permission.SKIP_MANDATORY_STEP):
        return ()
    return tuple(act for act, permission in _ACTS.items() if may(actor, permission))


@dataclass(frozen=True, slots=True)
class _Placed:
    """A step, and the names of the branches that lead to it from here."""

    step: Step
    path: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        return self.step.state is StepState.OPEN

    def below(self) -> "_Placed":
        return _Placed(self.step, self.path[1:])


def _path(view: StepView) -> tuple[str, ...]:
    return tuple(view.branch.split("/")) if view.branch else ()


class Steps:
    """Puts the steps of one incident into views."""

    def __init__(
        self, visit: Visit, words: Words, incident: str, playbook: str | None, climbs: Mapping[str, EscalationView]
    ) -> None:
        """`climbs` are the escalations of the incident by step."""
        self._incident = incident
        self._visit = visit
        self._words = words
        self._playbook = playbook
        self._climbs = climbs

    def views(self, found: list[StepView]) -> tuple[Step | SideBySide, ...]:
        """What waits now, in the branches of the playbook that go on; below, what ended, the last first."""
        return self._within(
            [_Placed(self._step(view, str(number)), _path(view)) for number, view in enumerate(found, 1)]
        )

    def _within(self, steps: "list[_Placed]") -> tuple[Step | SideBySide, ...]:
        """The steps of one level: those of branches that go on stand inside them, the others in line."""
        branches: dict[str, list[_Placed]] = {}
        for one in steps:
            if one.path:
                branches.setdefault(one.path[0], []).append(one)
        active = {name: found for name, found in branches.items() if any(one.is_open for one in found)}
        forks = len(active) > 1
        ahead: list[Step | SideBySide] = [one.step for one in steps if one.is_open and not one.path]
        inside = {name: self._within([one.below() for one in found]) for name, found in active.items()}
        if forks:
            ahead.append(SideBySide(branches=tuple(self._branch(name, part) for name, part in inside.items())))
        else:
            ahead += [step for part in inside.values() for step in part]
        ended = [one.step for one in reversed(steps) if not one.is_open and (not one.path or one.path[0] not in active)]
        return (*ahead, *ended)

    def _branch(self, name: str, steps: tuple[Step | SideBySide, ...]) -> Branch:
        """A branch by the playbook's word for it, by its item, or by who is waited for."""
        title = self._words.branch_title(self._playbook, name)
        waiting = next((step.waiting_for for step in steps if isinstance(step, Step) and step.waiting_for), "")
        if not title and (name.isdigit() or name.isidentifier()) and waiting:
            title = self._words.name.words.say("step.waiting_for", {"who": waiting})
            steps = tuple(replace(step, waiting_for="") if isinstance(step, Step) else step for step in steps)
        return Branch(title=title or name, steps=steps)

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
            by=self._by(asked),
            at=view.ended_at,
            assignment=asked.id if asked else "",
            taken_by=self._words.name(asked.taken_by) if asked and asked.taken_by and not asked.closed_at else "",
            may_answer=asked is not None and may_answer(self._visit.actor, asked.who),
            mandatory=view.mandatory,
            set_aside=address_of(self._incident, view.key) if acts_of(self._visit.actor, view) else "",
        )

    def _by(self, asked: AssignmentView | None) -> str:
        if asked and asked.closed_at and not asked.answered_by:
            return self._words.name.words.gettext("step.by_clock")
        name = self._words.name(asked.answered_by if asked and asked.answered_by else "system")
        if asked is None or asked.proxy_for is None:
            return name
        post = self._words.name.post(asked.proxy_for)
        return self._words.name.words.say("step.by_proxy", {"who": name, "post": post})

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
            return between.join(self._route(view.key, name, state) for name, state in view.value.items())
        return ""

    def _route(self, step: str, name: str, state: Json) -> str:
        words = self._words.name.words
        chain = self._visit.desk.door.city.chains.get(self._climbs[step].chain)
        routes = {route.name: route.title.get(self._words.language) for route in chain.routes} if chain else {}
        return words.say("tell.pair", {"name": routes.get(name) or name, "text": words.gettext(f"route_state.{state}")})


def choice_text(words: Words, text: StepText, choice: str | None) -> str:
    """An answer in words."""
    if not choice:
        return ""
    catalog = words.name.words
    return text.choices.get(choice) or (
        catalog.gettext(f"choice.{choice}") if catalog.has(f"choice.{choice}") else choice
    )
