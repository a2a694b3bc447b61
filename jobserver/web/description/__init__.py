"""The API described, for programs that read descriptions."""
