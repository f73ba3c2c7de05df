"""Figures of live calls; labels come from closed sets."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from serving.telemetry import REGISTRY

LIVE_CALLS = Gauge("jiesu_live_calls", "Calls going on now.", registry=REGISTRY)
LIVE_CALLS_ENDED = Counter(
    "jiesu_live_calls_ended", "Live calls, by how they ended.", ["outcome"], registry=REGISTRY
)
LIVE_AUDIO_SECONDS = Counter(
    "jiesu_live_audio_seconds", "Live audio received, of all legs.", registry=REGISTRY
)
LIVE_LAG_SECONDS = Histogram(
    "jiesu_live_lag_seconds", "Audio received and not heard yet, when a final came.",
    registry=REGISTRY, buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)  # fmt: skip
RESUMES = Counter(
    "jiesu_live_resumes", "Connections that took a dropped call up again.", registry=REGISTRY
)
