"""The events of a live call on a terminal."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape

from serving.cli.exits import emit
from serving.web.labels import DRAFT_FIELDS

_COLOURS = {"agent": "cyan", "citizen": "yellow"}
_SPEAKERS = {"agent": "坐席", "citizen": "市民"}
_LABELS = {field.name: field.label for field in DRAFT_FIELDS}


class EventPrinter:
    """Prints finals and what they change in the draft, or all messages as JSON lines."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True)
        self._has_partial = False

    def show(self, message: dict[str, Any]) -> None:
        """Print one message of the service."""
        if self._as_json:
            emit(json.dumps(message, ensure_ascii=False))
            return
        match message["type"]:
            case "ready":
                self._line(f"[dim]通话 {escape(message['call_id'])} 已接入[/]")
            case "transcript":
                self._transcript(message)
            case "draft":
                self._draft(message)
            case "qa":
                self._line(
                    f"[bold]质检[/] {message['qa']['score']:g}/{message['qa']['max_score']:g}"
                )
            case "callback":
                answers = {k: v["value"] for k, v in message["callback"].items() if "value" in v}
                self._line(f"[bold]回访[/] {escape(str(answers))}")
            case "trouble" | "error":
                self._line(f"[red]{escape(message['title'])}[/] {escape(message['message'])}")
            case "state" if message["state"] in ("done", "failed"):
                self._line(f"[dim]{'已存档' if message['state'] == 'done' else '失败'}[/]")

    def _transcript(self, message: dict[str, Any]) -> None:
        utterance = message["utterance"]
        colour = _COLOURS[utterance["channel"]]
        at_s = utterance["start_ms"] // 1000
        head = f"[dim]{at_s // 60}:{at_s % 60:02}[/] [{colour}]{_SPEAKERS[utterance['channel']]}[/]"
        if message["kind"] == "final":
            if utterance["text"]:
                self._line(f"{head} {escape(utterance['text'])}")
        elif self._console.is_terminal:
            # Overwritten by what comes next.
            room = self._console.width // 2 - 8
            print(f"\r\x1b[K\x1b[2m… {utterance['text'][-room:]}\x1b[0m", end="", file=sys.stdout)
            sys.stdout.flush()
            self._has_partial = True

    def _draft(self, message: dict[str, Any]) -> None:
        ticket = message["ticket"]
        for name in message["changed"]:
            place, _, inner = name.partition(".")
            field = ticket[place][inner] if inner else ticket[place]
            if isinstance(field, dict) and "value" in field:
                shown = _plain(field["value"])
                self._line(f"  [green]{_LABELS.get(name, name)}[/] {escape(shown)}")

    def _line(self, markup: str) -> None:
        if self._has_partial:
            print("\r\x1b[K", end="", file=sys.stdout)
            self._has_partial = False
        self._console.print(markup)


def _plain(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return " › ".join(value)
    return str(value["text"]) if isinstance(value, dict) else str(value)
