"""OpenAI's transcription interface, for programs that speak it already; docs/ingress.md."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from asr.types import Transcript, Utterance
from serving.api import openai_formats as formats
from serving.api.dependencies import ServicesDep, same_origin
from serving.api.multipart import receive_upload
from serving.api.openai_errors import OpenaiRoute, error_body, error_response
from serving.api.openai_request import MODELS, TranscriptionRequest, read_request
from serving.api.routes.uploads import check_length
from serving.api.services import Services
from serving.call_id import new_call_id
from serving.errors import RequestFieldError, UploadError

router = APIRouter(
    prefix="/v1", tags=["openai"], route_class=OpenaiRoute, dependencies=[Depends(same_origin)]
)

OWN_MODEL = "jiesu"
_MAX_PARTS = 300
_PIECE_WITHIN_S = 60.0


@router.post("/audio/transcriptions", summary="Transcribe a recording", response_model=None)
async def transcriptions(request: Request, services: ServicesDep) -> Response:
    """Put a recording into words, as OpenAI's interface does; no call is stored of it."""
    async with AsyncExitStack() as kept:
        kept.enter_context(services.transcriptions.place())
        path = services.recordings.partial(new_call_id())
        kept.callback(_remove, path)
        asked = await _receive(request, services, path)
        work = services.transcriptions
        if asked.is_streamed:
            words = work.stream(path, profile=asked.profile, hotwords=asked.hotwords)
            return _EventStream(_events(words, asked), kept.pop_all())
        transcript = await work.transcribe(path, profile=asked.profile, hotwords=asked.hotwords)
        return _response(transcript, asked)


@router.post("/audio/translations", summary="Refused: nothing is translated here")
async def translations(request: Request, services: ServicesDep) -> Response:
    """Say that there is no translation."""
    check_length(request, services.settings.max_upload_bytes)
    # Read to the end: a client that is still sending would see a broken connection instead.
    async for _ in _in_time(request):
        pass
    return error_response(
        RequestFieldError(
            "jiesu writes Chinese down as it is spoken and translates nothing; "
            "use /v1/audio/transcriptions",
            None,
            "unsupported_endpoint",
        )
    )


@router.get("/models", summary="Models by the names that are taken")
async def models(services: ServicesDep) -> dict[str, Any]:
    """Return the names of models; all mean the service's own recogniser."""
    names = (OWN_MODEL, services.hotlines.get().recogniser.name, *MODELS)
    return {
        "object": "list",
        "data": [
            {"id": name, "object": "model", "created": 0, "owned_by": "jiesu"}
            for name in dict.fromkeys(names)
        ],
    }


async def _receive(request: Request, services: Services, path: Path) -> TranscriptionRequest:
    """Take the file in and return what is asked of it."""
    settings = services.settings
    check_length(request, settings.max_upload_bytes)
    try:
        upload = await receive_upload(
            request.headers.get("content-type", ""),
            _in_time(request),
            path,
            settings.max_upload_bytes,
            max_parts=_MAX_PARTS,
        )
    except ClientDisconnect as error:
        raise UploadError("the upload broke off before its end; send it again") from error
    known = (OWN_MODEL, services.hotlines.get().recogniser.name)
    asked = read_request(upload.all_fields, known)
    services.hotlines.check(asked.profile)
    return asked


async def _in_time(request: Request) -> AsyncIterator[bytes]:
    """Yield the request's body; UploadError where the next piece does not come."""
    pieces = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(_PIECE_WITHIN_S):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise UploadError(f"nothing came for {_PIECE_WITHIN_S:g} s; send it again") from None
        yield piece


def _response(transcript: Transcript, asked: TranscriptionRequest) -> Response:
    match asked.response_format:
        case "json":
            return JSONResponse(formats.json_body(transcript))
        case "text":
            return PlainTextResponse(formats.text_of(transcript.utterances) + "\n")
        case "srt":
            return PlainTextResponse(formats.srt(transcript))
        case "vtt":
            return PlainTextResponse(formats.vtt(transcript), media_type="text/vtt")
        case "verbose_json":
            return JSONResponse(formats.verbose_body(transcript, asked.granularities))
        case "diarized_json":
            return JSONResponse(formats.diarized_body(transcript))


class _EventStream(StreamingResponse):
    """Keeps the file until the last word has been told, or the client has gone."""

    def __init__(self, events: AsyncIterator[str], kept: AsyncExitStack) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._kept:
            await super().__call__(scope, receive, send)


async def _events(
    words: AsyncGenerator[Utterance | Transcript], asked: TranscriptionRequest
) -> AsyncIterator[str]:
    """Yield server-sent events: the words as they come, then all of them."""
    pieces: list[str] = []
    async with aclosing(words):
        try:
            async for heard in words:
                if isinstance(heard, Utterance):
                    pieces.append(formats.piece_of(heard))
                    yield _event({"type": "transcript.text.delta", "delta": pieces[-1]})
                    continue
                if asked.response_format == "diarized_json":
                    for utterance in heard.utterances:
                        yield _event(formats.diarized_segment(utterance))
                text = "".join(pieces)
                yield _event(
                    {"type": "transcript.text.done", "text": text, "usage": formats.usage(heard)}
                )
        except Exception as error:
            # The status has been sent; OpenAI's clients raise on an event with an error.
            yield _event(error_body(error)[1])
    yield "data: [DONE]\n\n"


def _event(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
