"""A small reader of our own: how likely is it that a sentence answers a question?"""
