"""The extra fields of a question, each with the input that fits it and the words of its reader's language."""

from collections.abc import Iterator

from csirt.model.form import FormField, FormKind
from csirt.store.queries.evidence import evidence_of
from csirt.store.tx import Look
from csirt.web.pages.answering import Asked, is_time
from csirt.web.pages.steps import choice_text
from csirt.web.views.assignment import AnswerField, FieldKind
from csirt.web.views.frame import Option

LINE = 200
_KINDS = {
    FormKind.NUMBER: FieldKind.NUMBER,
    FormKind.TIME: FieldKind.TIME,
    FormKind.DAY: FieldKind.TEXT,
    FormKind.TEXT: FieldKind.TEXT,
    FormKind.CHOICE: FieldKind.CHOICE,
    FormKind.FILE: FieldKind.CHOICE,
}


def fields_of(look: Look, asked: Asked) -> Iterator[AnswerField]:
    """The fields of a question's form, in its order."""
    formed = {one.name: one for one in asked.view.form}
    for name in asked.view.fields:
        label = asked.text.fields.get(name, name)
        one = formed.get(name)
        if one is None:
            yield AnswerField(name=name, label=label, kind=FieldKind.TIME if is_time(name) else FieldKind.TEXT)
            continue
        long = one.kind is FormKind.TEXT and (one.most or LINE + 1) > LINE
        yield AnswerField(
            name=name,
            label=label,
            kind=FieldKind.LONG if long else _KINDS[one.kind],
            hint=_hint(asked, one),
            required=one.required,
            options=_options(look, asked, one),
        )


def _hint(asked: Asked, one: FormField) -> str:
    words = asked.words.name.words
    if one.kind is FormKind.DAY:
        return words.gettext("form.day.hint")
    return words.gettext("form.file.hint") if one.kind is FormKind.FILE else ""


def _options(look: Look, asked: Asked, one: FormField) -> tuple[Option, ...]:
    if one.kind is FormKind.FILE:
        return tuple(Option(value=piece.id, label=piece.name) for piece in evidence_of(look, asked.view.incident))
    return tuple(Option(value=code, label=choice_text(asked.words, asked.text, code)) for code in one.options)
