"""Hotline profiles: a folder of YAML per hotline, validated as a whole."""

from serving.profile.loader import available_profiles, load_profile, read_profile
from serving.profile.model import Profile

__all__ = ["Profile", "available_profiles", "load_profile", "read_profile"]
