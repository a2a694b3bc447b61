"""The people who do the work: kinds of job, one attempt, the crew and its janitor."""
