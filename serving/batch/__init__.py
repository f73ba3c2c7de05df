"""Many recordings in one resumable job."""
