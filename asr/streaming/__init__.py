"""Streaming recognition: many calls that are not in step share one batch on one device."""
