"""Synthetic speakers: Mandarin speech for training the recogniser and for our own demo calls."""
