"""Chat models by provider, name and URL: one base of settings, one way to ask, one count of tokens and cost."""
