"""What must hold between a dispatch directory, the agencies and the taxonomy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from nlu.profile import Duty
from serving.profile.document import Document
from serving.profile.model import Profile
from serving.profile.problems import Problem
from serving.profile.sharing import Origin

Documents = Mapping[str, Document]


def check_directory(
    profile: Profile, documents: Documents, origins: Sequence[Origin]
) -> Iterator[Problem]:
    """Yield matters without an agency, or filed under no category; categories without matter."""
    agencies = profile.nlu.agencies.agencies
    names = {agency.name for agency in agencies}
    functions = {(function, agency.level) for agency in agencies for function in agency.functions}
    paths = set(profile.nlu.taxonomy.paths())
    own = documents["directory"]
    for duty, origin in zip(profile.nlu.directory.duties, origins, strict=True):
        if duty.agency is None and duty.function is None:
            yield origin.problem(
                (), f"the matter {duty.matter!r} has no agency; give `agency` or `function`"
            )
        if duty.agency is not None and duty.agency not in names:
            yield origin.problem(
                ("agency",), f"the agency {duty.agency!r} does not stand in agencies.yaml"
            )
        if duty.function is not None and (duty.function, duty.level) not in functions:
            yield _without_function(duty, origin, own)
        for number, assisting in enumerate(duty.assisting):
            if assisting not in names and assisting not in {named for named, _ in functions}:
                yield origin.problem(
                    ("assisting", number),
                    f"the agency {assisting!r} does not stand in agencies.yaml",
                )
        if duty.category and duty.category not in paths:
            yield origin.problem(
                ("category",), f"taxonomy.yaml has no category {' / '.join(duty.category)}"
            )
    yield from _unowned_categories(profile, documents["taxonomy"])


def _without_function(duty: Duty, origin: Origin, own: Document) -> Problem:
    lacking = f"no agency of level {duty.level} in agencies.yaml has the function {duty.function!r}"
    if origin.document is own:
        return origin.problem(("function",), lacking)
    return own.problem(
        ("extends_base",),
        f"{lacking}, which the base's matter {duty.matter!r} asks for; add such an agency, give "
        "its level under `levels`, or name the matter under `without`",
    )


def _unowned_categories(profile: Profile, taxonomy: Document) -> Iterator[Problem]:
    """Where matters are filed under categories, each needs one, unless the tree is given."""
    filed = {duty.category for duty in profile.nlu.directory.duties if duty.category}
    if not filed or taxonomy.data.get("given"):
        return
    for path in profile.nlu.taxonomy.paths():
        if path not in filed:
            yield taxonomy.problem(
                ("categories", *path[:2]),
                f"no matter of directory.yaml is filed under {' / '.join(path)}; add one, or "
                "remove the category",
            )
