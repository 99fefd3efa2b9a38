"""The roster's rules, as the API needs them: every fault with its place, and bodies that FastAPI understands.

What this is: one walk over a value that names all its faults instead of the first, and the bridge from the
roster's structs to pydantic. What it is not: a rule; those stand at the structs of ``cloud.people.roster``.
The one idea: a record that the loader takes the API takes, and the other way round, because both ask the
same struct.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

import msgspec
from pydantic import GetJsonSchemaHandler, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

Where = tuple[str | int, ...]
MOST: Final = 100
"""Faults named for one record; whoever has more has sent something else."""

_PLACE: Final = re.compile(r" - at `\$(?P<path>.*)`$")
_STEP: Final = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]|\[\.\.\.\]")
_VALUE: Final = re.compile(r"'[^']*'")
_REF: Final = "#/$defs/"


@dataclass(frozen=True, slots=True)
class Fault:
    """Where something is wrong, and which rule it breaks; never the value itself."""

    where: Where
    rule: str


def faults(value: object, kind: Any, where: Where = ()) -> Iterator[Fault]:
    """Everything that keeps ``value`` (parsed JSON) from being a ``kind``; empty: ``convert`` takes it."""
    kind = _chosen(kind, value)
    if _is_struct(kind):
        yield from _struct_faults(value, kind, where)
    elif get_origin(kind) is tuple and isinstance(value, list):
        for index, item in enumerate(value):
            yield from faults(item, get_args(kind)[0], (*where, index))
    else:
        yield from _leaf_faults(value, kind, where)


def _struct_faults(value: object, kind: type[msgspec.Struct], where: Where) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield Fault(where, "Expected `object`")
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name, field in fields.items():
        if name in value:
            yield from faults(value[name], field.type, (*where, name))
        elif field.required:
            yield Fault((*where, name), "Field required")
    yield from (Fault((*where, str(name)), "Unknown field") for name in value if name not in fields)


def _leaf_faults(value: object, kind: Any, where: Where) -> Iterator[Fault]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        yield _fault(str(error), where)
        return
    yield from (Fault((*where, *place), rule) for place, rule in _unstorable(value))


def _unstorable(value: object, where: Where = ()) -> Iterator[tuple[Where, str]]:
    """What is text or a number and yet cannot be stored."""
    if isinstance(value, str) and not is_text(value):
        yield where, "Control characters are not allowed"
    elif isinstance(value, float) and not math.isfinite(value):
        yield where, "Expected a finite number"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unstorable(item, (*where, index))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _unstorable(item, (*where, str(name)))


def is_text(text: str) -> bool:
    """Whether PostgreSQL can hold ``text`` (no NUL, no lone surrogate) and a form could have sent it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not any((char < " " and char not in "\n\t") or char == "\x7f" for char in text)


def _fault(message: str, where: Where) -> Fault:
    place = _PLACE.search(message)
    steps = _STEP.finditer(place["path"]) if place else ()
    inner = [step["name"] or (int(step["index"]) if step["index"] else "...") for step in steps]
    return Fault((*where, *inner), _VALUE.sub("", _PLACE.sub("", message)).replace("  ", " ").strip())


def _chosen(kind: Any, value: object) -> Any:
    """The struct of ``Struct | None`` if there is a value."""
    if get_origin(kind) in {Union, UnionType} and value is not None:
        structs = [part for part in get_args(kind) if _is_struct(part)]
        return structs[0] if structs else kind
    return kind


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


class Ruled:
    """Marks a field whose content is a struct of the roster: ``Annotated[Contact, Ruled(Contact)]``."""

    def __init__(self, kind: type[msgspec.Struct]) -> None:
        self._kind = kind

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._read, serialization=core_schema.plain_serializer_function_ser_schema(msgspec.to_builtins)
        )

    def __get_pydantic_json_schema__(
        self, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        (schema,), parts = msgspec.json.schema_components([self._kind], ref_template=_REF + "{name}")
        inlined: dict[str, Any] = _inlined(schema, parts)
        return inlined

    def _read(self, value: object) -> msgspec.Struct:
        if isinstance(value, self._kind):
            return value
        found = [fault for _, fault in zip(range(MOST), faults(value, self._kind), strict=False)]
        if found:
            raise ValidationError.from_exception_data(self._kind.__name__, [_detail(each) for each in found])
        return msgspec.convert(value, self._kind)


def _detail(fault: Fault) -> InitErrorDetails:
    error = PydanticCustomError(fault.rule, "{rule}", {"rule": fault.rule})
    return InitErrorDetails(type=error, loc=fault.where, input=None)


def _inlined(schema: Any, parts: Mapping[str, Any]) -> Any:
    """``schema`` with every reference replaced by what it names; the roster's structs are no circle."""
    if isinstance(schema, list):
        return [_inlined(each, parts) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        return _inlined(parts[str(schema["$ref"]).removeprefix(_REF)], parts)
    return {key: _inlined(each, parts) for key, each in schema.items()}
