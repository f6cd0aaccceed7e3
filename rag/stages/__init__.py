"""The ways to do each step of the pipeline: a union of stages a step."""
