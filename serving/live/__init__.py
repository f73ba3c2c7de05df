"""Calls while they go on: heard, drafted, recorded, and kept when their connection drops."""
