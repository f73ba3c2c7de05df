"""Settings of the software on this machine, from `JIESU_…` environment variables.

What differs between hotlines stands in their profiles; what differs between machines
stands here.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from serving.errors import SettingsError


class Settings(BaseSettings):
    """Every setting has a default that works on one machine without a server beside it."""

    model_config = SettingsConfigDict(env_prefix="JIESU_", env_file=None, frozen=True)

    profile: str = "haikou"
    """Name or folder of the hotline profile used where none is given."""
    profiles_dir: Path | None = None
    """Folder of further profiles, looked at before the shipped ones."""
    engine: str = "whisper"
    """Recogniser: `whisper` (CPU, no torch) or `funasr`."""
    model: str | None = None
    """Weights of the recogniser, by registry name; without it the engine's own."""
    streaming_model: str | None = None
    """Streaming Paraformer for the partials of live calls, by registry name or folder; without
    it they come from the recogniser of the finals. Needs PyTorch."""
    streaming_device: str = "cpu"
    """Where the streaming model runs: `cpu` or a CUDA device."""
    streaming_precision: Literal["float32", "bfloat16"] = "float32"
    """`bfloat16` is faster and says almost the same."""
    threads: int = Field(default=0, ge=0)
    """Threads of the recogniser; 0 means one for each core this process may use."""
    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("jiesu")))
    """Where the service keeps its database and recordings."""
    database_url: str | None = None
    """SQLAlchemy URL of the store; without it, SQLite in `data_dir`."""
    node: str = Field(default_factory=socket.gethostname, max_length=64)
    """Name of this process among those that share a database; the same after a restart."""
    recordings_dir: Path | None = None
    """Folder of recordings; without it, `data_dir/recordings`."""
    role: str = Field(default="agent", min_length=1, max_length=64)
    """Role of requests that name none in `X-Jiesu-Role`; the profile says what it may see."""
    host: str = "127.0.0.1"
    """Address the service listens on."""
    port: int = Field(default=8123, ge=0, le=65535)
    """Port the service listens on; 0 lets the system choose."""
    max_live_calls: int = Field(default=4, ge=1)
    """Live calls admitted at once; one more is refused with a clear answer."""
    max_upload_bytes: int = Field(default=512 * 1024 * 1024, ge=1)
    """Largest recording accepted over HTTP."""
    max_queued_uploads: int = Field(default=1_000, ge=1)
    """Recordings that may wait to be processed; one more is refused with a clear answer."""
    max_transcriptions: int = Field(default=16, ge=1)
    """Requests of OpenAI's interface taken at once; one more is refused with a clear answer."""
    resume_within_s: float = Field(default=15.0, ge=0)
    """How long a live call is kept after its connection dropped."""
    max_call_hours: float = Field(default=4.0, gt=0)
    """A live call ends after this; a line that was left open would not."""
    funasr_port: int | None = Field(default=None, ge=0, le=65535)
    """Port of its own for FunASR clients, which expect 10095; they may always use `/funasr`."""
    funasr_certfile: Path | None = None
    """Certificate, with its chain, for `wss` on that port: what FunASR's own servers use."""
    funasr_keyfile: Path | None = None
    """Its private key; without it, in the certificate's file."""
    funasr_names: Literal["2pass", "asked"] = "2pass"
    """How replies to FunASR's modes `online` and `offline` are named: `2pass-online` and
    `2pass-offline`, which all clients read, or as `asked`."""
    funasr_any_origin: bool = False
    """Whether pages of other sites may connect as FunASR clients from their users' browsers."""
    freeswitch_citizen: Literal["left", "right"] = "left"
    """The citizen's side of FreeSWITCH's stereo: left where the citizen's leg is streamed."""
    audiosocket_port: int | None = Field(default=None, ge=0, le=65535)
    """Port for Asterisk's AudioSocket, on the same address; without it none is taken."""
    samples_dir: Path | None = None
    """Sample calls that the page can play live; without it, `samples` beside the software."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe messages written."""
    log_format: Literal["text", "json"] = "text"
    """`text` for people, `json` for a log collector."""


def load_settings() -> Settings:
    """Read the settings; raises `SettingsError` naming each variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(
            "\n".join(
                f"JIESU_{str(detail['loc'][0]).upper()}={detail['input']}: {detail['msg']}"
                for detail in error.errors()
            )
        ) from error
