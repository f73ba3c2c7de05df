"""Recordings played as a telephone system would send them: on this server or over the wire."""
