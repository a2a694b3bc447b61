"""The domain: a job, its states, who is next, and the seam to whatever keeps jobs. No HTTP, no SQL."""
