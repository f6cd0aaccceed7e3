"""What a text tells of itself: sections, dates and times, provenance and editions, assertion status."""
