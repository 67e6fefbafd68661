"""The archive on disk and its manifest: written, read back, verified."""
