"""What the service remembers: calls, their results, people's decisions, and who did what."""

from serving.store.calls import CallPage, CallStore
from serving.store.corrections import CorrectionStore, LabelledCall
from serving.store.reviews import ReviewStore
from serving.store.sketches import SketchStore
from serving.store.tables import Call, FieldEdit, QAOverride, Ticket

__all__ = [
    "Call",
    "CallPage",
    "CallStore",
    "CorrectionStore",
    "FieldEdit",
    "LabelledCall",
    "QAOverride",
    "ReviewStore",
    "SketchStore",
    "Ticket",
]
