"""The service over HTTP: uploads, results, decisions, screens."""
