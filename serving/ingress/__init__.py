"""Doors for telephone systems: each turns one wire protocol into live calls."""
