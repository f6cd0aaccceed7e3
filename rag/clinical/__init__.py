"""What a text states: its sections, dates, editions, criteria, assertions and statements."""
