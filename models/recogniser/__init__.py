"""Adapting the embedded recogniser (Whisper base) to a hotline; merging the adapter when pulled."""
