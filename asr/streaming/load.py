"""The way to a streaming model by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from asr.errors import EngineUnavailableError
from models import registry
from models.errors import ModelsError, UnknownModelError

if TYPE_CHECKING:
    from asr.streaming.contract import ChunkModel

DEFAULT_MODEL = "paraformer-zh-streaming"


@dataclass(frozen=True, slots=True)
class StreamingOptions:
    """How a streaming model is put to work."""

    slots: int = 16
    """Streams at a time; a call has one for each leg on which somebody speaks."""
    device: str = "cpu"
    precision: Literal["float32", "bfloat16"] = "float32"
    """`bfloat16` is faster and says almost the same; `float32` says what FunASR says."""
    threads: int = 0
    chunk_size: tuple[int, int, int] = (0, 10, 5)
    """FunASR's [past, chunk, look-ahead] in frames of 60 ms."""
    encoder_look_back: int = 4
    decoder_look_back: int = 1


def load_streaming(
    model: str = DEFAULT_MODEL, options: StreamingOptions | None = None
) -> ChunkModel:
    """Load a streaming model: a name of the registry, or a folder with a FunASR checkpoint.

    Raises EngineUnavailableError saying what to install, pull or change.
    """
    chosen = options or StreamingOptions()
    try:
        from asr.streaming.paraformer.config import ChunkConfig
        from asr.streaming.paraformer.engine import ParaformerChunks
    except ModuleNotFoundError as error:
        raise EngineUnavailableError(
            f"streaming Paraformer needs PyTorch ({error}); run: pip install 'jiesu[gpu]'"
        ) from error
    chunk = ChunkConfig(chosen.chunk_size, chosen.encoder_look_back, chosen.decoder_look_back)
    return ParaformerChunks(
        model_folder(model),
        name=model,
        slots=chosen.slots,
        chunk=chunk,
        device=chosen.device,
        precision=chosen.precision,
        threads=chosen.threads,
    )


def model_folder(model: str) -> Path:
    """Return the folder of a model; raises EngineUnavailableError saying how to get it."""
    if Path(model).is_dir():
        return Path(model)
    try:
        return registry.resolve(model)
    except UnknownModelError as error:
        raise EngineUnavailableError(f"{error}; or give a folder with a checkpoint") from error
    except ModelsError as error:
        raise EngineUnavailableError(str(error)) from error
