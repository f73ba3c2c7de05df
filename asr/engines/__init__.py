"""Recognition engines behind the `asr.recogniser.Recogniser` protocol, imported lazily by name."""
