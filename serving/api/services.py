"""Everything the service runs on, opened together and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from asr.dialects import with_dialects
from asr.owner import OwnerSettings, RecogniserOwner
from asr.streaming.batcher import BatcherSettings, StreamBatcher
from serving.corrections import Corrections
from serving.feed import Feed
from serving.hotlines import Hotlines
from serving.ingress.audiosocket_announcements import Announcements
from serving.ingress.phone_lines import PhoneLines
from serving.jobs import Jobs
from serving.live.calls import LiveCalls
from serving.live.conclusion import Conclusion
from serving.live.limits import LiveLimits
from serving.live.line import Lines
from serving.output import output_error
from serving.pipeline import Extractor, Pipeline
from serving.profile import Profile, load_profile
from serving.recordings import Recordings
from serving.replay.demo import Demo
from serving.settings import Settings
from serving.shared_recogniser import SharedRecogniser
from serving.store import CallStore, CorrectionStore, ReviewStore, SketchStore
from serving.store.engine import open_engine, sqlite_url
from serving.store.migrate import check_schema, upgrade
from serving.transcriptions import Transcriptions

if TYPE_CHECKING:
    from asr.recogniser import Recogniser
    from asr.streaming.contract import ChunkModel
    from asr.vad import Vad


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes work with."""

    settings: Settings
    engine: Engine
    calls: CallStore
    reviews: ReviewStore
    sketches: SketchStore
    corrections: Corrections
    recordings: Recordings
    feed: Feed
    hotlines: Hotlines
    jobs: Jobs
    owner: RecogniserOwner
    live: LiveCalls
    lines: Lines
    phone_lines: PhoneLines
    announcements: Announcements
    transcriptions: Transcriptions
    demo: Demo

    @property
    def samples_dir(self) -> Path:
        """Where the sample calls lie."""
        return self.settings.samples_dir or Path(__file__).resolve().parents[2] / "samples"


@dataclass(frozen=True, slots=True)
class Parts:
    """How the heavy parts are loaded: what hears speech, words, and what they mean."""

    recogniser: Callable[[Settings], Recogniser]
    extractor: Callable[[Profile], Extractor]
    vad: Callable[[], Vad]
    streaming: Callable[[Settings], ChunkModel | None] = lambda settings: None
    """The streaming model for partials, None where the settings name none."""


def real_parts() -> Parts:
    """Return the loaders of the recogniser and the extractor that are installed."""

    def recogniser(settings: Settings) -> Recogniser:
        from asr.recogniser import load_recogniser

        return load_recogniser(settings.engine, model=settings.model, threads=settings.threads)

    def extractor(profile: Profile) -> Extractor:
        from nlu.extractor import Extractor as TrainedExtractor

        return TrainedExtractor(profile.nlu)

    def vad() -> Vad:
        from asr.vad import default_vad

        return default_vad()

    return Parts(recogniser, extractor, vad, streaming_model)


def streaming_model(settings: Settings) -> ChunkModel | None:
    """Load the streaming model that the settings name, with a slot for each leg of each call."""
    if settings.streaming_model is None:
        return None
    from asr.streaming.load import StreamingOptions, load_streaming

    options = StreamingOptions(
        slots=2 * settings.max_live_calls,
        device=settings.streaming_device,
        precision=settings.streaming_precision,
        threads=settings.threads,
    )
    return load_streaming(settings.streaming_model, options)


@asynccontextmanager
async def open_services(
    settings: Settings, parts: Parts, limits: LiveLimits | None = None
) -> AsyncIterator[Services]:
    """Open the store, load the models, take up what the last run left; close it all at the end.

    Raises StoreError, OutputError, ProfileError, EngineError, ModelsError, NluError.
    """
    async with AsyncExitStack() as stack:
        engine = await asyncio.to_thread(open_store, settings)
        stack.callback(engine.dispose)
        recordings = Recordings(settings.recordings_dir or settings.data_dir / "recordings")
        await asyncio.to_thread(recordings.prepare)
        # Before the models: what is wrong with a profile shows at once.
        profile = await asyncio.to_thread(load_profile, settings.profile, settings.profiles_dir)
        usual = await asyncio.to_thread(parts.recogniser, settings)
        # The recogniser is shared: the routes of the service's own profile hold for all.
        recogniser = await asyncio.to_thread(
            with_dialects, usual, profile.dialects, threads=settings.threads
        )
        owner = RecogniserOwner(recogniser, OwnerSettings(max_calls=settings.max_live_calls))
        await stack.enter_async_context(owner)
        streaming = await asyncio.to_thread(parts.streaming, settings)
        batcher = None
        if streaming is not None:
            limits_of_streams = BatcherSettings(max_calls=settings.max_live_calls)
            batcher = StreamBatcher(streaming, limits_of_streams)
            await stack.enter_async_context(batcher)
        vad = await asyncio.to_thread(parts.vad)
        shared = SharedRecogniser(recogniser.name, owner, asyncio.get_running_loop())
        corrections = Corrections(CorrectionStore(engine))
        hotlines = _hotlines(settings, parts, shared, vad, profile, corrections)
        await asyncio.to_thread(hotlines.get)
        stack.push_async_callback(_cancelled, asyncio.create_task(corrections.keep_fresh()))
        feed = Feed()
        feed.start()
        stack.callback(feed.close)
        # The embedded store has one process, whatever the machine is called today.
        calls = CallStore(engine, settings.node if settings.database_url else "local")
        jobs = Jobs(calls, hotlines, recordings, feed, max_queued=settings.max_queued_uploads)
        stack.push_async_callback(asyncio.to_thread, jobs.close)
        conclusion = Conclusion(calls, recordings, feed, jobs)
        live = LiveCalls(
            owner, calls, recordings, feed, conclusion, vad,
            limits=limits or live_limits(settings), streaming=batcher,
        )  # fmt: skip
        stack.push_async_callback(live.close)
        transcriptions = Transcriptions(hotlines, max_waiting=settings.max_transcriptions)
        stack.callback(transcriptions.close)
        lines = Lines(live, hotlines)
        demo = Demo(live)
        stack.push_async_callback(demo.close)
        await owner.warm_up()
        await asyncio.to_thread(jobs.start)
        await asyncio.to_thread(conclusion.recover)
        yield Services(
            settings, engine, calls, ReviewStore(engine), SketchStore(engine), corrections,
            recordings, feed, hotlines, jobs, owner, live, lines, PhoneLines(lines),
            Announcements(), transcriptions, demo,
        )  # fmt: skip


def open_store(settings: Settings) -> Engine:
    """Open the database; the embedded one is brought up to date, a server's is only checked.

    A server's schema is upgraded by `jiesu db upgrade`: replicas must not race to do it.
    """
    if settings.database_url is not None:
        engine = open_engine(settings.database_url)
        check_schema(engine)
        return engine
    prepare_data_dir(settings)
    engine = open_engine(sqlite_url(settings.data_dir))
    upgrade(engine)
    return engine


def prepare_data_dir(settings: Settings) -> None:
    """Create the folder of database and recordings; raises OutputError."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(settings.data_dir, error) from error


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _hotlines(
    settings: Settings,
    parts: Parts,
    shared: SharedRecogniser,
    vad: Vad,
    default: Profile,
    corrections: Corrections,
) -> Hotlines:
    def make(name: str) -> Pipeline:
        is_default = name == settings.profile
        profile = default if is_default else load_profile(name, settings.profiles_dir)
        pipeline = Pipeline(
            profile,
            shared,
            parts.extractor(profile),
            engine=settings.engine,
            engine_settings={"threads": settings.threads},
            vad=vad,
        )
        corrections.follow(pipeline)
        return pipeline

    return Hotlines(settings, make)


def live_limits(settings: Settings) -> LiveLimits:
    """Return the limits of live calls that the settings ask for."""
    return LiveLimits(
        max_calls=settings.max_live_calls,
        resume_within_s=settings.resume_within_s,
        max_call_s=settings.max_call_hours * 3600,
    )
