"""Red team: attacks planted in documents, questions and names, and how far each gets with and without defences.

families    the attacks: our own (`rag/rules/attacks.json`), and JSON lines of others, read where they lie
planting    where an attack stands: files, a question, with what it seeks
obeying     a model that does whatever stands before it, to see what is left to stop it
defences    what stands in the way: the screen, the marking of sources, the contract of source numbers, the validator
run         an attack against a pipeline: planted passages found, cited, obeyed, live where they are shown
"""
