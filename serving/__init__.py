"""The running service: command line, API, ingress, store, screens, batch."""
