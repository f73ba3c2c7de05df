"""Personal data in transcripts and in what is made of them: found, explained, masked by role."""
