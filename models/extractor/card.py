"""The model card beside an extractor's weights: what it learned from, its form, its figures."""

from __future__ import annotations

from pathlib import Path

from models.extractor.corpora import AUXILIARY_HEADS, Corpus
from models.extractor.plan import TrainingPlan

NOTES = "<!-- Below this line the card is kept by hand; training again leaves it as it is. -->"

_FIRST_NOTES = """
- **Not for** other cities: its labels are those of its tickets, and of their time.
"""


def write_card(
    plan: TrainingPlan, corpus: Corpus, dev_tickets: int, figures: dict[str, float]
) -> Path:
    """Write `extractor-NAME.md` anew, keeping what stands below the line of `NOTES`."""
    path = plan.weights.with_suffix(".md")
    notes = _FIRST_NOTES
    if path.is_file() and NOTES in (before := path.read_text(encoding="utf-8")):
        notes = before.partition(NOTES)[2]
    text = "\n".join([*_head(plan, corpus, dev_tickets), "", *_table(figures), "", NOTES])
    path.write_text(text + notes, encoding="utf-8")
    return path


def _head(plan: TrainingPlan, corpus: Corpus, dev_tickets: int) -> list[str]:
    files = ", ".join(f"`{file.name}`" for file in plan.source.files)
    aside = f"`{plan.dev.name}`" if plan.dev else "a tenth of them kept aside"
    heads = ", ".join(
        f"{name} ({len(labels)})"
        for name, labels in corpus.labels().items()
        if name not in AUXILIARY_HEADS
    )
    size_mb = plan.weights.stat().st_size / 1e6
    lines = [
        f"# extractor-{plan.source.name}",
        "",
        f"- **Heads** (labels): {heads}.",
        f"- **Data.** {files}: {len(corpus.tickets)} tickets, hints at the agency and pasted "
        f"replies stripped; each in several views (content, title, as a caller says it). How much "
        f"each part counts is fitted on {aside} ({dev_tickets} tickets), so probabilities on other "
        f"tickets are a little less sure than they look.",
        f"- **Form.** Hashed character n-grams with TF-IDF, {plan.features} kept, one int8 "
        f"projection of width {plan.rank} that all heads share, one dense layer a head (numpy); "
        f"{size_mb:.1f} MB. No torch.",
    ]
    if plan.encoder:
        lines.append(
            f"- **Encoder.** Heads by linear discriminants on the hidden vectors of "
            f"`encoder-{plan.encoder}.npz`, run by onnxruntime; their logits are added."
        )
    return [*lines, f"- **Made by** `{_command(plan)}`"]


def _command(plan: TrainingPlan) -> str:
    parts = ["jiesu models train", plan.source.name]
    parts += [f"--data {file.name}" for file in plan.source.files]
    if plan.dev:
        parts.append(f"--dev {plan.dev.name}")
    parts += [f"--column {ours}={theirs}" for ours, theirs in plan.source.columns.items()]
    if plan.source.profile:
        parts.append(f"--profile {plan.source.profile.name}")
    if plan.encoder is None:
        parts.append("--no-encoder")
    if plan.tuning:
        parts.append(f"--tune --backbone {Path(plan.tuning.backbone).name}")
    return " ".join([*parts, f"--features {plan.features}", f"--seed {plan.seed}"])


def _table(figures: dict[str, float]) -> list[str]:
    rows = [f"| {name} | {value:.3f} |" for name, value in figures.items()]
    return ["| on dev, the heads by themselves | |", "|---|---|", *rows]
