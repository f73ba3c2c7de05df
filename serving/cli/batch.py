"""`jiesu batch`: a folder or list of recordings, resumable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.cli.exits import INPUT_FAILED, complain, emit
from serving.cli.options import (
    AgentChannelOption,
    EngineOption,
    JsonOption,
    MaskOption,
    ProfileOption,
)

if TYPE_CHECKING:
    from serving.batch.run import BatchProgress, RunItems
    from serving.batch.worker import MakeWorker
    from serving.profile import Profile

_FAILURES_SHOWN = 20
_MINUTES_FROM_S = 120


SourceArgument = Annotated[
    Path,
    typer.Argument(metavar="IN", help="Folder of recordings, or a list (.csv, .jsonl)."),
]
OutArgument = Annotated[
    Path, typer.Argument(metavar="OUT", help="Folder for results and journal; made if needed.")
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with an earlier run in OUT.")]
RetryFailedOption = Annotated[
    bool, typer.Option("--retry-failed", help="Resume, and try failed recordings again.")
]
WorkersOption = Annotated[
    int, typer.Option("--workers", min=1, help="Recordings processed at once.")
]
RayOption = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="Work on a Ray cluster: its address, `auto`, or `local` to start one here.",
    ),
]


def batch(
    source: SourceArgument,
    out: OutArgument,
    profile: ProfileOption = None,
    engine: EngineOption = None,
    agent_channel: AgentChannelOption = "auto",
    resume: ResumeOption = False,
    retry_failed: RetryFailedOption = False,
    workers: WorkersOption = 1,
    ray: RayOption = None,
    mask: MaskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Process many recordings: one JSON result each, and a journal that survives a kill.

    A list has the columns path, other_leg, kind, received_at and call_id; only path is
    needed. Recordings that cannot be used are noted with the reason and the job goes on.
    """
    from serving.batch.manifest import read_items
    from serving.batch.pipeline_worker import WorkerSpec
    from serving.batch.run import run_batch
    from serving.cli.progress import batch_progress
    from serving.profile import load_profile
    from serving.settings import load_settings
    from serving.telemetry import set_up_logging

    settings = load_settings()
    set_up_logging(settings)
    items = read_items(source)
    loaded = load_profile(profile or settings.profile, settings.profiles_dir)
    chosen = engine or settings.engine
    role = loaded.privacy.role(mask) if mask else None
    spec = WorkerSpec(settings, loaded, chosen, agent_channel, role)
    facts = _facts(loaded, chosen, mask)
    with batch_progress() as on_progress:
        ended = run_batch(
            items,
            out,
            _runner(spec, workers, ray),
            resume=resume or retry_failed,
            retry_failed=retry_failed,
            facts=facts,
            on_progress=on_progress,
        )
    if ended.changed:
        complain(
            f"note: not as in the run before: {', '.join(ended.changed)}; "
            "results made before stay as they are"
        )
    emit(json.dumps(_summary(ended), ensure_ascii=False) if as_json else _report(ended, out))
    if ended.failed or ended.earlier_failed:
        raise typer.Exit(INPUT_FAILED)


def _facts(profile: Profile, engine: str, mask: str | None) -> dict[str, str]:
    from serving.provenance import software_version

    return {
        "software": software_version(),
        "profile": profile.name,
        "profile_version": profile.full_version,
        "engine": engine,
        "masked_for": mask or "",
    }


def _runner(make_worker: MakeWorker, workers: int, ray: str | None) -> RunItems:
    from serving.batch import pools

    if ray is not None:
        from serving.batch.ray_pool import run_on_ray

        return lambda items: run_on_ray(items, make_worker, address=ray, count=workers)
    if workers > 1:
        return lambda items: pools.run_in_processes(items, make_worker, workers)
    return lambda items: pools.run_here(items, make_worker)


def _summary(ended: BatchProgress) -> dict[str, object]:
    return {
        "calls": ended.total,
        "done": ended.done,
        "done_before": ended.earlier_done,
        "failed": [
            {"call_id": o.call_id, "error": o.error, "message": o.message} for o in ended.failed
        ],
        "failed_before": ended.earlier_failed,
        "audio_s": round(ended.audio_ms / 1000, 1),
        "elapsed_s": round(ended.elapsed_s, 1),
        "times_real_time": round(ended.times_real_time, 2),
    }


def _report(ended: BatchProgress, out: Path) -> str:
    lines = [
        f"共 {ended.total} 通：本次完成 {ended.done}，失败 {len(ended.failed)}；"
        f"此前完成 {ended.earlier_done}，失败 {ended.earlier_failed}",
        f"录音 {_duration(ended.audio_ms / 1000)}，用时 {_duration(ended.elapsed_s)}，"
        f"{ended.times_real_time:.1f}× 实时；结果在 {out}",
    ]
    for outcome in ended.failed[:_FAILURES_SHOWN]:
        lines.append(f"  ✗ {outcome.call_id}: {outcome.message}")
    if len(ended.failed) > _FAILURES_SHOWN:
        lines.append(f"  …另有 {len(ended.failed) - _FAILURES_SHOWN} 通失败，见 journal.jsonl")
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.1f} 分钟" if seconds >= _MINUTES_FROM_S else f"{seconds:.0f} 秒"
