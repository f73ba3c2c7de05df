"""A small sequence tagger that finds people's names in running Chinese text."""
