"""Describe the operations on business objects class by class, with the attributes the model gives them. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from caruso.business_objects.model import Attribute, Kind, Model, ObjectClass, label_of

_ANY_CLASS = "/api/objects/{class_name}"
_SCHEMAS: Mapping[Kind, dict[str, Any]] = {
    Kind.TEXT: {"type": "string"},
    Kind.PHONE: {"type": "string"},
    Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.TIME: {"type": "string", "format": "time"},
    Kind.DATE_TIME: {"type": "string", "format": "date-time"},
    Kind.DATA: {},
}


def with_classes(document: Mapping[str, Any], model: Model) -> dict[str, Any]:
    """Return the description of an API with paths and schemas of each class, beside the general ones."""
    made: dict[str, Any] = copy.deepcopy(dict(document))
    general = {path: item for path, item in made["paths"].items() if path.startswith(_ANY_CLASS)}
    for of in model.classes.values():
        made["components"]["schemas"][f"{of.name}Values"] = _values(of)
        for path, item in general.items():
            made["paths"][path.replace("{class_name}", of.name)] = _of_class(item, of)
    return made


def _values(of: ObjectClass) -> dict[str, Any]:
    properties: dict[str, Any] = {name: _attribute(each) for name, each in of.attributes.items()}
    for name, listed in of.lists.items():
        title = label_of(listed.labels, name)
        properties[name] = {"title": title, "type": "array", "items": {"type": "string"}}
    for name, computed in of.computed.items():
        properties[name] = {"title": label_of(computed.labels, name), "readOnly": True}
    return {
        "title": of.label(),
        "type": "object",
        "properties": properties,
        "additionalProperties": bool(of.extra) or bool(of.relations) or bool(of.firsts),
    }


def _attribute(of: Attribute) -> dict[str, Any]:
    schema: dict[str, Any] = {"title": label_of(of.labels, of.name)}
    if of.kind is Kind.CHOICE:
        schema |= {"type": "string", "enum": [each.name for each in of.values]}
    else:
        schema |= _SCHEMAS[of.kind]
    if of.length is not None:
        schema["maxLength"] = of.length
    for name, bound in (("minimum", of.minimum), ("maximum", of.maximum)):
        if bound is not None:
            schema[name] = float(bound)
    if "type" in schema and not of.required:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return schema


def _of_class(item: Mapping[str, Any], of: ObjectClass) -> dict[str, Any]:
    """Return the operations of a path for one class: its name is no parameter, and its values have a schema."""
    made: dict[str, Any] = copy.deepcopy(dict(item))
    for operation in made.values():
        operation["operationId"] = f"{operation['operationId']}_{of.name}"
        operation["tags"] = [of.name]
        parameters = [each for each in operation.get("parameters", ()) if each["name"] != "class_name"]
        operation.pop("parameters", None)
        if parameters:
            operation["parameters"] = parameters
        for answer in operation["responses"].values():
            _with_values(answer, of, "Object")
        if "requestBody" in operation:
            _with_values(operation["requestBody"], of, "NewObject", "ObjectChange")
    return made


def _with_values(of_message: dict[str, Any], of: ObjectClass, *names: str) -> None:
    content = of_message.get("content", {}).get("application/json")
    if content is None or content["schema"].get("$ref") not in {f"#/components/schemas/{name}" for name in names}:
        return
    values = {"type": "object", "properties": {"values": {"$ref": f"#/components/schemas/{of.name}Values"}}}
    content["schema"] = {"allOf": [content["schema"], values]}
