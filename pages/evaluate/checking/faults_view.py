"""How often the checks are right: planted faults caught and missed, and faithful twins called unsupported, by kind."""

import streamlit as st

from pages.shared.tables import table_of
from rag.evaluate.rates import Rate, rates

COLUMNS = {
    "Fault": "What was altered in a statement that stood in its source",
    "Caught": "Faulty statements called unsupported, with the 95 % interval (Wilson)",
    "Left open": "Faulty statements that were not judged",
    "Missed": "Faulty statements called supported",
    "False alarms": "Faithful twins called unsupported, with the 95 % interval",
    "n": "Pairs of a faulty statement and its faithful twin",
}


def faults_view() -> None:
    """The table, from the file that the measuring command wrote."""
    found = rates()
    if found is None:
        st.info("Nothing was measured yet. `python -m tests.train.rates` plants faults by script and writes the figures.")
        return
    whole = found.whole
    caught, missed, alarms = (f"**{number / whole.n:.0%}**" for number in (whole.caught, whole.missed, whole.alarms))
    st.caption(
        f"Of {whole.n:,} faults planted by script in {found.documents:,} invented documents, {caught} are caught and {missed} "
        f"are called supported; of their faithful twins {alarms} are called unsupported. Measured on {found.date} by "
        f"`{found.command}`; real faults may differ."
    )
    rows = [_row(one) for one in (*found.kinds, whole)]
    config = {name: st.column_config.Column(help=about) for name, about in COLUMNS.items()}
    st.dataframe(table_of(rows), hide_index=True, key="safety-faults", column_config=config, height="content")


def _row(one: Rate) -> dict[str, object]:
    return {
        "Fault": one.kind,
        "Caught": share(one.caught, one.n, one.caught_interval),
        "Left open": f"{one.open / one.n:.0%}",
        "Missed": f"{one.missed / one.n:.0%}",
        "False alarms": share(one.alarms, one.n, one.alarms_interval),
        "n": one.n,
    }


def share(count: int, n: int, interval: tuple[float, float]) -> str:
    """A share with its interval: "83 % (55 to 95)"."""
    low, high = interval
    return f"{count / n:.0%} ({100 * low:.0f} to {100 * high:.0f})"
