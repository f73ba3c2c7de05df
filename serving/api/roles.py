"""Who looks: what a role may see and do of a call.

The service has no log-in of its own: a proxy that knows its users names their role in the
header `X-Jiesu-Role` (and must not pass on one that users sent). Where nobody names a role,
`JIESU_ROLE` holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Header, Query

from nlu.pii.policy import Role
from serving.api.dependencies import ServicesDep
from serving.api.services import Services
from serving.contract import CallModel
from serving.errors import RoleError
from serving.masking import CallMask, call_mask, is_confidential, masked_call, masked_line


@dataclass(frozen=True, slots=True)
class Viewer:
    """A role by its name; each hotline says what that role may see."""

    name: str
    services: Services

    def role(self, profile: str | None = None) -> Role:
        """Return the role at a hotline; UnknownRoleError when that has none of this name."""
        return self.services.hotlines.privacy(profile).role(self.name)

    @property
    def query(self) -> str:
        """The part of an address that keeps the role in links; empty for the usual role."""
        return "" if self.name == self.services.settings.role else urlencode({"role": self.name})

    def check_decides(self, profile: str | None = None) -> None:
        """Raise RoleError unless the role may change, overrule, submit and delete."""
        if not self.role(profile).decides:
            raise RoleError(f"the role {self.name!r} reads only; it decides nothing")

    def check_hears(self, profile: str, result: CallModel | None) -> None:
        """Raise RoleError unless the role may hear the recording, which tells everything."""
        role = self.role(profile)
        hidden = is_confidential(result.ticket if result else None) and role.confidential == "none"
        if not role.audio or hidden:
            raise RoleError(f"the role {self.name!r} may read this call but not hear it")

    def check_follows(self, profile: str) -> None:
        """Raise RoleError unless the role sees everything: live words cannot be masked whole."""
        if not self.role(profile).sees_all():
            raise RoleError(
                f"personal data is masked for the role {self.name!r}, and that takes the whole "
                "call: look again when it has ended"
            )

    def call(self, result: CallModel) -> CallModel:
        """Return a result as the role sees it."""
        return masked_call(result, self.role(result.profile))

    def mask(self, result: CallModel) -> CallMask | None:
        """Return what masks a call for the role; None where it sees everything."""
        return call_mask(result, self.role(result.profile))

    def line(self, text: str | None, profile: str) -> str | None:
        """Return a title or a file's name as the role sees it."""
        role = self.role(profile)
        return text if text is None or role.sees_all() else masked_line(text, role)


def _viewer(
    services: ServicesDep,
    x_jiesu_role: Annotated[
        str | None,
        Header(max_length=64, description="What the user is to the hotline: agent, qa, …"),
    ] = None,
    role: Annotated[
        str | None,
        Query(max_length=64, description="The same for links; the header goes before."),
    ] = None,
) -> Viewer:
    return Viewer(x_jiesu_role or role or services.settings.role, services)


ViewerDep = Annotated[Viewer, Depends(_viewer)]
