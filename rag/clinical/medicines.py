"""Names of medicines that mean the same, and classes with their members, from `rules/drugs.json`, which the facts read too."""

from functools import cache

from rag.rules import rules


@cache
def drug_groups() -> tuple[tuple[str, ...], ...]:
    """For each drug its generic name, brands and short forms; of those that are words or names of people too, none."""
    table = rules("drugs")
    found = (
        tuple(name for name in (drug, *others.split(", ")) if _is_plain(name))
        for about in table["classes"].values()
        for drug, others in about["drugs"].items()
    )
    return (*(group for group in found if len(group) > 1), *map(tuple, table["searched"]["groups"]))


@cache
def drug_classes() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """The names of each class, and what belongs to it: generic names, combinations behind them, then the narrower classes."""
    table = rules("drugs")
    classes = {name: about for name, about in table["classes"].items() if _is_plain(name)}
    found = []
    for name, about in classes.items():
        narrower = _narrower(name)
        drugs = dict.fromkeys(drug for one in (name, *narrower) for drug in classes[one]["drugs"] if _is_plain(drug))
        given = sorted((drug for drug in drugs if drug not in table["measured"]), key=lambda drug: "/" in drug)
        members = (*given, *(one for one in narrower if one not in table["measured"]))
        found.append((tuple(filter(_is_plain, (name, *about["also"]))), members))
    found += [(tuple(one["class"]), tuple(one["members"])) for one in table["searched"]["classes"]]
    return tuple((names, members) for names, members in found if members)


@cache
def _narrower(name: str) -> tuple[str, ...]:
    """The classes within a class, however deep."""
    within = [one for one, about in rules("drugs")["classes"].items() if about["within"] == name]
    return tuple(deeper for one in within for deeper in (one, *_narrower(one)))


def _is_plain(name: str) -> bool:
    return bool(name) and name not in _other_use()


@cache
def _other_use() -> frozenset[str]:
    """Names that mean a drug beside a dose alone, and what nobody searches for."""
    table = rules("drugs")
    other = (*table["words"], *table["people"], *table["searched"]["never"])
    return frozenset(other) - frozenset(table["searched"]["still"])
