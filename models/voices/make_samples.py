"""Make the demo recordings: `python -m models.voices.make_samples --kokoro DIR [--out samples]`.

Speaks the three calls of `sample_texts.yaml` and writes each as a 8 kHz A-law WAV (agent left,
citizen right) with its reference beside it as JSON. The same scripts give the same recordings.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import soundfile
import yaml

from models.voices.kokoro import Kokoro, load_styles
from models.voices.sample_calls import CALL_RATE_HZ, RecordedCall, record_call


def load_scripts() -> list[dict[str, Any]]:
    """The scripts shipped with the package."""
    text = files("models.voices").joinpath("sample_texts.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load(text)["calls"])


def write_call(call: RecordedCall, folder: Path) -> Path:
    """Write `<call_id>.wav` and `<call_id>.json`; returns the recording."""
    recording = folder / f"{call.gold['call_id']}.wav"
    soundfile.write(recording, call.legs, CALL_RATE_HZ, format="WAV", subtype="ALAW")
    reference = json.dumps(call.gold, ensure_ascii=False, indent=1) + "\n"
    recording.with_suffix(".json").write_text(reference, encoding="utf-8")
    return recording


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's first lines."""
    parser = argparse.ArgumentParser(prog="python -m models.voices.make_samples")
    parser.add_argument("--kokoro", type=Path, required=True, help="folder of the Kokoro model")
    parser.add_argument("--out", type=Path, default=Path("samples"))
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    kokoro, styles = Kokoro(given.kokoro), load_styles(given.kokoro)
    for seed, script in enumerate(load_scripts()):
        recording = write_call(record_call(script, kokoro, styles, seed), given.out)
        print(f"{recording} ({recording.stat().st_size / 1000:.0f} kB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
