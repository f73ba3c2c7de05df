"""Measurements of what the software reaches, each with its goal and today's reference."""
