"""What is kept on disk: one database, artifacts by key, jobs."""
