"""Streaming Paraformer in plain PyTorch, batched over calls; needs the `gpu` extra (PyTorch)."""
