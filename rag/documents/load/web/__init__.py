"""HTML: what is displayed, and what is not."""
