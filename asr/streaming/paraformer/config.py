"""What a FunASR checkpoint of streaming Paraformer says of itself in `config.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from asr.errors import EngineUnavailableError

CHUNK_FRAME_SAMPLES = 960
"""A frame of the encoder is 60 ms at 16 kHz; chunk sizes count these."""

UNBOUNDED = -1
"""An encoder look-back of -1 attends to everything since the start of the stream."""


@dataclass(frozen=True, slots=True)
class ChunkConfig:
    """How a stream is cut, in FunASR's terms.

    `size` is (past, chunk, look-ahead) in encoder frames: a chunk of 600 ms with 300 ms
    of look-ahead is (0, 10, 5). The look-backs count chunks: of the encoder's
    self-attention (-1: all) and of the decoder's attention to the encoder (0: none).
    """

    size: tuple[int, int, int] = (0, 10, 5)
    encoder_look_back: int = 4
    decoder_look_back: int = 1

    def __post_init__(self) -> None:
        past, chunk, ahead = self.size
        if past < 0 or chunk < 1 or ahead < 1:
            # FunASR slices its caches with [:-look_ahead], which keeps nothing at 0.
            raise EngineUnavailableError(
                f"the chunk size {list(self.size)} cannot be streamed: it is [past, chunk, "
                "look-ahead] in frames of 60 ms, with chunk and look-ahead at least 1; "
                "[0, 10, 5] is the usual one"
            )
        if self.encoder_look_back < UNBOUNDED or self.decoder_look_back < 0:
            raise EngineUnavailableError(
                f"the look-backs {self.encoder_look_back} (encoder) and "
                f"{self.decoder_look_back} (decoder) count chunks: 0 or more, -1 for an "
                "encoder that looks back to the start"
            )

    @property
    def samples(self) -> int:
        """Samples of one chunk at 16 kHz."""
        return self.size[1] * CHUNK_FRAME_SAMPLES

    @property
    def frames(self) -> int:
        """Frames the encoder sees at a time: past, chunk and look-ahead."""
        return sum(self.size)

    @property
    def duration_ms(self) -> int:
        """Length of one chunk."""
        return self.size[1] * CHUNK_FRAME_SAMPLES // 16


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """The SANM encoder (Gao et al. 2020): self-attention with a memory block beside it."""

    input_width: int
    width: int
    heads: int
    inner_width: int
    blocks: int
    kernel: int
    kernel_shift: int


@dataclass(frozen=True, slots=True)
class PredictorConfig:
    """The CIF predictor (Dong and Xu 2020): where one token ends and the next begins."""

    left: int
    right: int
    threshold: float
    smooth_factor: float
    noise_threshold: float
    tail_threshold: float


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """The SANM decoder; only its first `attending_blocks` attend to the encoder."""

    heads: int
    inner_width: int
    blocks: int
    attending_blocks: int
    kernel: int
    kernel_shift: int


@dataclass(frozen=True, slots=True)
class FrontendConfig:
    """Mel filterbank features of 25 ms every 10 ms, seven stacked every six."""

    mel_bands: int
    window: str


@dataclass(frozen=True, slots=True)
class ParaformerConfig:
    """Everything the network is built from but its weights."""

    encoder: EncoderConfig
    predictor: PredictorConfig
    decoder: DecoderConfig
    frontend: FrontendConfig
    blank: int
    start: int
    end: int


def read_config(folder: Path) -> ParaformerConfig:
    """Read `config.yaml` of a checkpoint.

    Raises EngineUnavailableError where there is none, or it describes another network.
    """
    path = folder / "config.yaml"
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise EngineUnavailableError(
            f"{folder} holds no config.yaml; give the folder of a FunASR checkpoint, or run: "
            "jiesu models pull paraformer-zh-streaming"
        ) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise EngineUnavailableError(f"{path} cannot be read: {error}") from error
    if not isinstance(said, dict):
        raise EngineUnavailableError(f"{path} is no mapping; fetch the checkpoint again")
    return _Reading(path, said).config()


@dataclass(frozen=True, slots=True)
class _Reading:
    path: Path
    said: Mapping[str, Any]

    def config(self) -> ParaformerConfig:
        self._expect("model", "ParaformerStreaming")
        self._expect("encoder", "SANMEncoderChunkOpt")
        self._expect("decoder", "ParaformerSANMDecoder")
        self._expect("predictor", "CifPredictorV2")
        self._expect("encoder_conf.input_layer", "pe_online")
        self._expect("encoder_conf.normalize_before", True, default=True)
        self._expect("encoder_conf.selfattention_layer_type", "sanm", default="sanm")
        self._expect("encoder_conf.positionwise_layer_type", "linear", default="linear")
        self._expect("decoder_conf.normalize_before", True, default=True)
        for name, wanted in (("fs", 16000), ("frame_length", 25), ("frame_shift", 10)):
            self._expect(f"frontend_conf.{name}", wanted, default=wanted)
        self._expect("frontend_conf.lfr_m", 7)
        self._expect("frontend_conf.lfr_n", 6)
        bands = self._int("frontend_conf.n_mels", 80)
        return ParaformerConfig(
            encoder=self._encoder(bands * 7),
            predictor=self._predictor(),
            decoder=self._decoder(),
            frontend=FrontendConfig(bands, str(self._at("frontend_conf.window", "hamming"))),
            blank=self._int("model_conf.blank_id", 0),
            start=self._int("model_conf.sos", 1),
            end=self._int("model_conf.eos", 2),
        )

    def _encoder(self, input_width: int) -> EncoderConfig:
        return EncoderConfig(
            input_width=input_width,
            width=self._int("encoder_conf.output_size", 256),
            heads=self._int("encoder_conf.attention_heads", 4),
            inner_width=self._int("encoder_conf.linear_units", 2048),
            blocks=self._int("encoder_conf.num_blocks", 6),
            kernel=self._int("encoder_conf.kernel_size", 11),
            kernel_shift=self._int("encoder_conf.sanm_shfit", 0),
        )

    def _predictor(self) -> PredictorConfig:
        return PredictorConfig(
            left=self._int("predictor_conf.l_order"),
            right=self._int("predictor_conf.r_order"),
            threshold=float(self._at("predictor_conf.threshold", 1.0)),
            smooth_factor=float(self._at("predictor_conf.smooth_factor", 1.0)),
            noise_threshold=float(self._at("predictor_conf.noise_threshold", 0.0)),
            tail_threshold=float(self._at("predictor_conf.tail_threshold", 0.0)),
        )

    def _decoder(self) -> DecoderConfig:
        kernel = self._int("decoder_conf.kernel_size", 21)
        # A shift of null means a causal memory block.
        shift = self._at("decoder_conf.sanm_shfit", 0)
        return DecoderConfig(
            heads=self._int("decoder_conf.attention_heads", 4),
            inner_width=self._int("decoder_conf.linear_units", 2048),
            blocks=self._int("decoder_conf.num_blocks", 6),
            attending_blocks=self._int("decoder_conf.att_layer_num", 6),
            kernel=kernel,
            kernel_shift=(kernel - 1) // 2 if shift is None else int(shift),
        )

    def _expect(self, name: str, wanted: object, default: object = None) -> None:
        found = self._at(name, default)
        if found != wanted:
            raise EngineUnavailableError(
                f"{self.path} describes another network: {name} is {found!r}, and batched "
                f"streaming Paraformer needs {wanted!r}; paraformer-zh-streaming is such a model"
            )

    def _int(self, name: str, default: int | None = None) -> int:
        found = self._at(name, default)
        if not isinstance(found, int) or isinstance(found, bool):
            raise EngineUnavailableError(f"{self.path}: {name} must be a number, not {found!r}")
        return found

    def _at(self, name: str, default: object) -> Any:
        found: Any = self.said
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        # `sanm_shfit: null` is said; only what is not said takes the default.
        return default if found is None and not name.endswith("sanm_shfit") else found
