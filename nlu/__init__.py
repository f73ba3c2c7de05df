"""Understanding: from a transcript to request type, category, place, agency and caller.

This room knows nothing of tickets or deadlines.
"""
