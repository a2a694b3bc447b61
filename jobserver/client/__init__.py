"""A job server as seen from a Python program: submit, wait, watch, cancel."""

from jobserver.client.client import Client
from jobserver.client.shown import JobEvent, JobRequest, KeptFile, RemoteJob
from jobserver.client.sync import SyncClient

__all__ = ["Client", "JobEvent", "JobRequest", "KeptFile", "RemoteJob", "SyncClient"]
