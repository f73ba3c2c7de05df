"""The text extractor: request type, category, agency and district of a citizen's words."""
