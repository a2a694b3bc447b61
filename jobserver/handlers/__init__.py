"""The built-in kinds of job."""
