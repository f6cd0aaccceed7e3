"""The command line: the same code as the pages, for scripts. Progress goes to standard error, results to standard output."""

import logging
import sys
import traceback

import typer

from rag.commands.answers import ask, batch, retrieve
from rag.commands.app import start
from rag.commands.common import say
from rag.commands.conflicts import conflicts
from rag.commands.documents import load, screen
from rag.commands.facts import facts
from rag.commands.fit import fit
from rag.commands.omissions import print_omissions
from rag.commands.perturb import ask_perturbed, perturb_questions
from rag.commands.recheck import verify_citations
from rag.commands.redteam import redteam
from rag.commands.serve import serve
from rag.commands.settings import print_options, print_pipeline, setup
from rag.commands.verify import verify
from rag.errors import WorkbenchError

ABOUT = """Clinical RAG Workbench, without its screen. Begin with: python -m rag ask "A question" --docs FOLDER"""
app = typer.Typer(add_completion=False, no_args_is_help=True, help=ABOUT)
for command in (ask, batch, verify, retrieve, fit, redteam, serve, load, screen, facts, conflicts, setup):
    app.command()(command)
app.command(name="app")(start)
app.command(name="omissions")(print_omissions)
app.command(name="perturb")(perturb_questions)
app.command(name="perturbed")(ask_perturbed)
app.command(name="verify-citations")(verify_citations)
app.command(name="options")(print_options)
app.command(name="pipeline")(print_pipeline)


def main() -> None:
    """Runs the command line. Exit codes: 0 done, 1 a mistake to mend (one line says which), 2 wrong usage, 130 stopped."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s: %(message)s")
    try:
        app()
    except WorkbenchError as problem:
        say(f"error: {problem}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
    except Exception as error:  # Its message could hold document text; where it happened cannot.
        say("".join(traceback.format_tb(error.__traceback__)), end="")
        say(f"error: {type(error).__name__}, which nobody foresaw, at the last place above. Tell whoever maintains this.")
        sys.exit(1)


if __name__ == "__main__":
    main()
