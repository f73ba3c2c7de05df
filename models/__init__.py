"""Verified model weights by name, and the commands that train and export our own.

This room knows folders, hashes and weights; it knows nothing of calls or tickets.
"""
