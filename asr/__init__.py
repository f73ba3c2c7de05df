"""Speech to text: audio frames in, transcript events and transcripts out.

This room knows sound and written words, not what the words mean.
"""
