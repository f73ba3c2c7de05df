"""The hotlines this process serves: one loaded pipeline for each profile, made when asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from nlu.pii.policy import PrivacyPolicy, standard_policy
from serving.errors import ProfileError
from serving.pipeline import Pipeline
from serving.profile import available_profiles, load_profile
from serving.settings import Settings

MakePipeline = Callable[[str], Pipeline]
"""Loads the pipeline of a profile; raises ProfileError, EngineError, ModelsError, NluError."""


@dataclass(frozen=True, slots=True)
class Hotline:
    """One entry of the list of hotlines."""

    name: str
    is_default: bool


class Hotlines:
    """Pipelines by profile name; may be used from any thread.

    Names only: a folder may be given by who starts the service, never over the network.
    """

    def __init__(self, settings: Settings, make: MakePipeline) -> None:
        self._settings = settings
        self._make = make
        self._pipelines: dict[str, Pipeline] = {}
        self._privacy: dict[str, PrivacyPolicy] = {}
        self._lock = threading.Lock()

    @property
    def default(self) -> str:
        """The profile of calls that name none."""
        return self._settings.profile

    def names(self) -> list[Hotline]:
        """Return the profiles there are, the default first."""
        others = sorted(set(available_profiles(self._settings.profiles_dir)) - {self.default})
        return [Hotline(self.default, True), *(Hotline(name, False) for name in others)]

    def check(self, name: str | None) -> str:
        """Return the name of a known profile, the default for None; raises ProfileError."""
        if name is None or name == self.default:
            return self.default
        known = [hotline.name for hotline in self.names()]
        if name not in known:
            raise ProfileError(f"no profile {name!r}; one of: {', '.join(known)}")
        return name

    def privacy(self, name: str | None = None) -> PrivacyPolicy:
        """Return a hotline's roles without loading its models.

        A call may outlive its profile; then the roles are those that every hotline has.
        """
        chosen = name or self.default
        with self._lock:
            if chosen in self._pipelines:
                return self._pipelines[chosen].profile.privacy
            if chosen not in self._privacy:
                try:
                    profile = load_profile(self.check(chosen), self._settings.profiles_dir)
                    self._privacy[chosen] = profile.privacy
                except ProfileError:
                    self._privacy[chosen] = standard_policy()
            return self._privacy[chosen]

    def get(self, name: str | None = None) -> Pipeline:
        """Return a profile's pipeline, loading it the first time; blocks while it loads."""
        known = self.check(name)
        with self._lock:
            if known not in self._pipelines:
                self._pipelines[known] = self._make(known)
            return self._pipelines[known]
