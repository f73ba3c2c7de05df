"""The documentation of the HTTP interface, made from its OpenAPI description; works offline."""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from serving.api.dependencies import ServicesDep
from serving.api.routes.pages import templates

router = APIRouter(include_in_schema=False)

_CODE = re.compile(r"`([^`]+)`")
_METHODS = ("get", "post", "put", "patch", "delete")


def with_code(text: str) -> Markup:
    """Return a description with what stands between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


templates.env.filters["with_code"] = with_code


@router.get("/docs", response_class=HTMLResponse)
def docs(request: Request, services: ServicesDep) -> HTMLResponse:
    """Show every operation with its parameters, examples and errors."""
    schema = request.app.openapi()
    context = {
        "schema": schema,
        "operations": operations(schema),
        "hotline": services.hotlines.get().profile.title,
    }
    return templates.TemplateResponse(request, "reference.html", context)


def operations(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the operations of an OpenAPI description, flat and with examples as text."""
    found = []
    for path, methods in schema["paths"].items():
        for method in _METHODS:
            if method in methods:
                found.append(_operation(schema, path, method, methods[method]))
    return found


def _operation(
    schema: dict[str, Any], path: str, method: str, operation: dict[str, Any]
) -> dict[str, Any]:
    body = None
    for content_type, content in operation.get("requestBody", {}).get("content", {}).items():
        body = {"type": content_type, "example": _example(schema, content)}
    return {
        "id": operation["operationId"],
        "path": path,
        "method": method,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": [_parameter(parameter) for parameter in operation.get("parameters", [])],
        "body": body,
        "responses": [
            {
                "status": status,
                "description": answer.get("description", ""),
                "example": next(
                    (_example(schema, c) for c in answer.get("content", {}).values()), ""
                ),
            }
            for status, answer in operation["responses"].items()
        ],
    }


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    described = parameter.get("schema", {})
    kinds = [described, *described.get("anyOf", [])]
    kind = next((k["type"] for k in kinds if k.get("type") not in (None, "null")), "")
    return {
        "name": parameter["name"],
        "in": parameter["in"],
        "required": parameter.get("required", False),
        "type": kind,
        "description": parameter.get("description", ""),
    }


def _example(schema: dict[str, Any], content: dict[str, Any]) -> str:
    described = content.get("schema", {})
    reference = described.get("$ref", "")
    if reference:
        described = schema["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    example = content.get("example") or next(iter(described.get("examples", [])), None)
    if example is None:
        return ""
    return (
        example if isinstance(example, str) else json.dumps(example, ensure_ascii=False, indent=2)
    )
