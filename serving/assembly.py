"""A pipeline put together from settings: profile, recogniser and extractor, loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asr.dialects import with_dialects
from asr.recogniser import load_recogniser
from asr.voiceprint import default_voice_encoder
from models.extractor.weights import WEIGHTS_FOLDER
from nlu.extractor import Extractor
from serving.pipeline import Pipeline
from serving.profile import load_profile
from serving.provenance import file_sha256, model_with_hash
from serving.settings import Settings

if TYPE_CHECKING:
    from serving.profile import Profile

_HASH_DIGITS = 16
_VOICE_DETECTOR = "silero-vad"


def assemble_pipeline(
    settings: Settings, *, profile: str | None = None, engine: str | None = None
) -> Pipeline:
    """Load what a hotline needs; `profile` and `engine` go before the settings.

    Raises ProfileError, EngineError, ModelsError and NluError, each saying what to do.
    """
    loaded = load_profile(profile or settings.profile, settings.profiles_dir)
    return pipeline_of(loaded, settings, engine=engine)


def pipeline_of(profile: Profile, settings: Settings, *, engine: str | None = None) -> Pipeline:
    """Load recogniser and extractor for a profile that is loaded already."""
    name = engine or settings.engine
    usual = load_recogniser(name, model=settings.model, threads=settings.threads)
    recogniser = with_dialects(usual, profile.dialects, threads=settings.threads)
    voices = default_voice_encoder()
    heard_by = [_VOICE_DETECTOR, *([voices.name] if voices else [])]
    return Pipeline(
        profile,
        recogniser,
        Extractor(profile.nlu),
        engine=name,
        engine_settings={"model": recogniser.name, "threads": settings.threads},
        models=(*map(model_with_hash, heard_by), *_extractor_models(profile)),
        voices=voices,
    )


def _extractor_models(profile: Profile) -> tuple[str, ...]:
    """Name the weights a profile's extractor uses, with the start of their hash."""
    if not profile.nlu.extractor:
        return ()
    name = f"extractor-{profile.nlu.extractor}"
    sha256 = file_sha256(WEIGHTS_FOLDER / f"{name}.npz")
    return (f"{name}@{sha256[:_HASH_DIGITS]}",)
