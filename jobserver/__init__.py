"""A job server that is one Python process and needs nothing else."""

__version__ = "0.1.0"
