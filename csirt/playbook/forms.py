"""The form of an answer as a pydantic model: which fields it has, and its values for the playbook to read."""

from datetime import date, datetime
from types import NoneType, UnionType
from typing import Any, Literal, NewType, TypeVar, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from csirt.errors import Invalid
from csirt.model.form import FormField, FormKind
from csirt.model.step import Answer

FormT = TypeVar("FormT", bound=BaseModel)

File = NewType("File", str)
"""The type of a field that takes a piece of the incident's evidence, by its id."""

Time = NewType("Time", datetime)
"""The type of a field that takes an instant. Playbooks may not import `datetime`, which has a clock."""

Day = NewType("Day", date)
"""The type of a field that takes a day."""

_KINDS = {
    int: FormKind.NUMBER, Time: FormKind.TIME, datetime: FormKind.TIME, Day: FormKind.DAY, date: FormKind.DAY,
    str: FormKind.TEXT, File: FormKind.FILE,
}  # fmt: skip


def fields_of(model: type[BaseModel]) -> tuple[FormField, ...]:
    """The fields of a form. What the form demands has to stand in its fields, so that it can be kept with the question.

    Raises:
        Invalid: a field of a type that no form has, or a validator of the model's own, which nobody would ask later.
    """
    decorators = model.__pydantic_decorators__
    if decorators.field_validators or decorators.model_validators or decorators.validators:
        raise Invalid("form_has_validators", form=model.__name__)
    return tuple(_field(name, info) for name, info in model.model_fields.items())


def with_values(answer: Answer, model: type[FormT], form: tuple[FormField, ...]) -> Answer[FormT | None]:
    """The answer with its fields as the model has them; None where nothing was filled in.

    That is so where the step was skipped or declined, and where the clock chose the answer.
    """
    empty = not answer.given or any(field.required and field.name not in answer.fields for field in form)
    values = None if empty else model.model_validate(answer.fields)
    return Answer(answer.choice, answer.reason, values, answer.by, answer.at, answer.defaulted)


def _field(name: str, info: FieldInfo) -> FormField:
    kind, options = _kind(name, info.annotation)
    least = most = None
    for one in info.metadata:
        if isinstance(one, annotated_types.Ge):
            least = one.ge
        elif isinstance(one, annotated_types.Le):
            most = one.le
        elif isinstance(one, annotated_types.MaxLen):
            most = one.max_length
        else:
            raise Invalid("form_field_unsupported", field=name)
    return FormField(name, kind, info.is_required(), options, least, most)  # type: ignore[arg-type]


def _kind(name: str, type_: Any) -> tuple[FormKind, tuple[str, ...]]:
    if get_origin(type_) in {Union, UnionType}:  # `int | None`: need not be filled in
        rest = [one for one in get_args(type_) if one is not NoneType]
        type_ = rest[0] if len(rest) == 1 else None
    if get_origin(type_) is Literal:
        return FormKind.CHOICE, tuple(map(str, get_args(type_)))
    if type_ not in _KINDS:
        raise Invalid("form_field_unsupported", field=name)
    return _KINDS[type_], ()
