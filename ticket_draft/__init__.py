"""Tickets: drafts with evidence, deadlines, completeness, QA reports and callback scores.

This room knows nothing of HTTP, databases or Ray.
"""
