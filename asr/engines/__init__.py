"""Recognition engines behind the `asr.recognizer.Recogniser` protocol, imported lazily by name."""
