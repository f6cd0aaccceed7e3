"""What a text states of medicines: drugs, doses, frequencies, routes, what was done with them, courses and allergies.

words       the words of a text with their places, and phrases found by their first word
numerals    numbers in figures and in words, as they stand before a unit
names       names of drugs and classes, from `rag/rules/drugs.json`
amounts     doses
bare        doses without a unit of their own
totals      doses of a whole day
schedules   how often and when
courses     for how long
marks       what was found, before it is known whose it is
scanning    all marks of a text
counting    which doubtful names are drugs
reaches     the stretches within which a dose can belong to a drug: sentences, and rows of tables
owners      whose each dose, frequency and route is
actions     what was done with which drug
allergies   what is not tolerated, and how that shows
finder      puts them together
"""

from rag.clinical.facts.drugs.finder import prescriptions

__all__ = ["prescriptions"]
