"""Who may do what, what may leave, what happened, and how long it is kept."""
