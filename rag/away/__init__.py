"""Away with it: a tuned pipeline as YAML, as a script, in other frameworks, and as a service."""
