"""What says the same for the same values on every page: texts, icons, signs of a state. Each is made once.

A page has hundreds of them. Those whose values stand in the template (`_("incident.level")`, `icon("eye")`) are put in
when it is compiled, for there is one environment a language; the others are kept by their values, for all pages alike.
What is kept depends on nothing but these values: never on who reads, or when.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

MOST = 2_000  # signs of a kind that are kept
NAMES = (
    "delivery", "drill_mark", "evidence_state", "level", "measure_state", "route_state", "status", "step_state",
)  # fmt: skip
_FILE, _ICONS = "signs.html", "icons.html"

Sign = Callable[..., Markup]
Tag = Callable[[str, str, str], Markup]


class Compiled(Environment):
    """An environment that puts in at compile time what `fixed` functions say of values that stand in the template."""

    fixed: Mapping[str, Sign] = {}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """The template's tree, as Jinja lets a subclass change it."""
        tree: nodes.Template = _PutIn(self.fixed).visit(super()._parse(source, name, filename))
        return tree


class _PutIn(NodeTransformer):
    def __init__(self, fixed: Mapping[str, Sign]) -> None:
        self._fixed = fixed

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802 - Jinja's name for what visits a call
        """Inner calls first: a tag's word is a text."""
        self.generic_visit(node)
        says = self._fixed.get(node.node.name) if isinstance(node.node, nodes.Name) else None
        values = [one.value for one in node.args if isinstance(one, nodes.Const)]
        if says is None or node.kwargs or node.dyn_args or node.dyn_kwargs or len(values) < len(node.args):
            return node
        return nodes.Const(says(*values), lineno=node.lineno, environment=node.environment)


def icon_of(made: Environment) -> Sign:
    """What draws an icon by its name."""

    @lru_cache(MOST)
    def icon(name: str) -> Markup:
        drawn: Markup = _module(made, _ICONS).icon(name)
        return drawn

    return icon


def tag_of(icon: Sign) -> Tag:
    """What makes signs of a state, word and shape."""

    @lru_cache(MOST, typed=True)
    def tag(kind: str, shape: str, said: str) -> Markup:
        return Markup('<span class="tag tag-{}">{}<span>{}</span></span>').format(kind, icon(shape), said)

    return tag


def sign_of(made: Environment, name: str) -> Sign:
    """A macro of `signs.html`."""

    @lru_cache(MOST, typed=True)
    def sign(*values: object, **named: object) -> Markup:
        drawn: Markup = getattr(_module(made, _FILE), name)(*values, **named)
        return drawn

    return sign


def _module(made: Environment, file: str) -> Any:
    """The macros of a file; Jinja keeps them."""
    return made.get_template(file).module
