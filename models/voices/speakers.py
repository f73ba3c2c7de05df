"""Speakers to train on, none of whom is ever measured.

Kokoro's Mandarin voices speak the calls we measure on, so no style of theirs enters training, not
even as part of a blend. Voices of other languages speak Mandarin phonemes instead; taking the
colour from one blend and the melody from another gives a new speaker for every clip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.voices.kokoro import STYLE_WIDTH, Style

MEASURED_PREFIXES = ("zf_", "zm_")

# Their Mandarin is too hard to follow for a transcript to be a fair label (whisper-base errs on
# more than a quarter of the characters).
UNCLEAR = frozenset({"af_alloy", "af_jessica", "af_nicole", "bf_emma", "im_nicola", "af_aoede"})

# The clearest melodies: whisper-base errs on less than 12% of the characters.
CLEAR_MELODIES = (
    "af_nova", "af_sky", "am_fenrir", "am_onyx", "am_santa", "bf_alice", "bf_isabella",
    "bm_george", "ff_siwis", "hf_alpha", "hf_beta", "hm_omega", "hm_psi", "if_sara",
    "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Speaker:
    """A synthetic speaker: its style table and the pace it speaks at."""

    name: str
    style: Style
    speed: float


def training_voices(styles: Mapping[str, Style]) -> dict[str, Style]:
    """The voices a recogniser may be trained on: clear ones, without those it is measured on."""
    return {
        name: style
        for name, style in styles.items()
        if not name.startswith(MEASURED_PREFIXES) and name not in UNCLEAR
    }


def draw_speaker(styles: Mapping[str, Style], rng: np.random.Generator) -> Speaker:
    """A new speaker: colour blended from one to three training voices, melody from one or two."""
    voices = training_voices(styles)
    colour_names = rng.choice(sorted(voices), size=int(rng.integers(1, 4)), replace=False)
    melody_names = rng.choice(
        [n for n in CLEAR_MELODIES if n in voices], size=int(rng.integers(1, 3)), replace=False
    )
    colour = _blend(voices, colour_names.tolist(), rng)
    melody = _blend(voices, melody_names.tolist(), rng)
    half = STYLE_WIDTH // 2
    return Speaker(
        name="+".join(colour_names) + "/" + "+".join(melody_names),
        style=np.concatenate([colour[:, :half], melody[:, half:]], axis=1),
        speed=float(rng.uniform(0.85, 1.3)),
    )


def _blend(voices: Mapping[str, Style], names: list[str], rng: np.random.Generator) -> Style:
    shares = rng.dirichlet(np.ones(len(names)))
    mixed = sum(share * voices[name] for share, name in zip(shares, names, strict=True))
    return np.asarray(mixed, np.float32)
