"""Says what is wrong with a request's query, in the words of its fields: what is expected, what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_type_hints

from fastapi import Request
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gigamatte.errors import UsageError
from gigamatte.flaws import flaw_of, unknown_name

#: options of the command that are one field here
_OTHERWISE = {"keep_at": "hints", "drop_at": "hints"}


def invalid(request: Request, flaw: Mapping[str, Any]) -> UsageError:
    """The error of one of pydantic's complaints about a query, or about another part of a request."""
    where = ".".join(str(part) for part in flaw["loc"][1:])
    return UsageError(*said_of(where, flaw, _fields_of(request)))


def said_of(where: str, flaw: Mapping[str, Any], fields: Mapping[str, FieldInfo]) -> tuple[str, str]:
    """Message and hint. ``where`` names the value; ``fields`` are those that may be there."""
    kind = flaw["type"]
    if kind == "extra_forbidden":
        return unknown_name(where, fields, otherwise=_OTHERWISE), "GET /docs lists the options"
    if kind == "string_pattern_mismatch":
        examples = fields[where].examples if where in fields else None
        found = repr(str(flaw["input"])[:80])
        if examples:
            return f"{where} is written as in {examples[0]}; found {found}", ""
        return f"{where} is not written as it is read; found {found}", "GET /docs describes it"
    return flaw_of(where, flaw) or f"{where or 'the body'}: {flaw['msg']}", ""


def _fields_of(request: Request) -> Mapping[str, FieldInfo]:
    """The fields of the query that the request's route declares."""
    for declared in get_type_hints(request.scope["route"].endpoint).values():
        if isinstance(declared, type) and issubclass(declared, BaseModel):
            return declared.model_fields
    return {}
