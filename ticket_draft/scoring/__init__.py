"""Scores of calls: the QA card and the answers of satisfaction callbacks."""
