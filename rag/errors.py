"""The errors that a user can mend: each names the value, what was allowed and what to do. None carries document text."""


class WorkbenchError(Exception):
    """Something the user can mend; the message is shown as it is."""


class FileProblem(WorkbenchError):
    """A file that cannot be read as a document."""


class SettingProblem(WorkbenchError):
    """A pipeline or a setting that cannot be used."""


class ModelProblem(WorkbenchError):
    """A model, or the endpoint that serves it, that is missing, down, slow or talking rubbish."""


class Cancelled(WorkbenchError):
    """The user stopped a long step; what was finished before is kept."""
