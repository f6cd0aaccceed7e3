"""FHIR resources as readable lines: what each is, its details, day, status and notes; nothing of it is left out in silence."""

from collections.abc import Callable
from typing import Any

from rag.documents.load.health.fhir_values import (
    LONGEST_REFERRED,
    Resolve,
    as_text,
    concept,
    concepts,
    dosage,
    is_yes,
    items,
    moment,
    parts,
    period,
    quantity,
    referred,
    span,
    word,
)
from rag.rules import rules

PEOPLE = ("Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Organization", "Location", "Person")
CODES = ("code", "medicationCodeableConcept", "vaccineCode", "medication", "type", "serviceType", "title", "description", "name")
MOMENTS = ("effectiveDateTime", "onsetDateTime", "performedDateTime", "occurrenceDateTime", "authoredOn", "recordedDate", "sent",
           "date", "issued", "whenHandedOver", "authored", "started", "dateTime", "startDate")  # fmt: skip
PERIODS = ("effectivePeriod", "performedPeriod", "occurrencePeriod", "period", "onsetPeriod", "servicedPeriod")
IN_ERROR = "entered-in-error"
NOT_DONE = {"not-done", "not-taken", "stopped", "cancelled", "on-hold", "aborted", "revoked", "rejected", "abandoned", "declined",
            "not-given", "suspended", "refused", "nullified"}  # fmt: skip
DEEPEST_QUESTION = 10
MOST_MEMBERS = 500


def value_of(resource: dict[str, Any]) -> str:
    """The value of an observation or a component, whatever its kind."""
    for name, value in resource.items():
        if not name.startswith("value") or name == "valueSet":
            continue
        if isinstance(value, dict) and name in {"valueQuantity", "valueAge"}:
            return quantity(value)
        if isinstance(value, dict) and name == "valueRange":
            return span(value)
        if isinstance(value, dict) and name == "valueRatio":
            above, below = quantity(value.get("numerator")), quantity(value.get("denominator"))
            return f"{above} : {below}"
        if name == "valuePeriod":
            return period(value)
        if isinstance(value, dict) and name == "valueSampledData":
            return "sampled data"
        return {"true": "yes", "false": "no"}.get(value, value) if isinstance(value, str) else concept(value) or word(value)
    return f"no value ({absent})" if (absent := concept(resource.get("dataAbsentReason"))) else ""


def _range(value: Any) -> str:
    told = []
    for one in items(value):
        about = ", ".join(filter(None, (concept(one.get("type")), concepts(one.get("appliesTo")), span(one.get("age") or {}))))
        limits = word(one.get("text")) or span(one) or concept(one.get("normalValue"))
        if limits:
            told.append(f"[reference {limits}{f' ({about})' if about else ''}]")
    return "".join(f" {one}" for one in told)


def _observed(one: dict[str, Any]) -> str:
    meaning = concepts(one.get("interpretation"))
    return f"{value_of(one)}{f' ({meaning})' if meaning else ''}{_range(one.get('referenceRange'))}".strip()


def _observation(resource: dict[str, Any], resolve: Resolve) -> list[str]:
    told = [_observed(resource)]
    told += [f"{concept(one.get('code'))} {_observed(one)}".strip() for one in items(resource.get("component"))]
    for member in items(resource.get("hasMember"))[:MOST_MEMBERS]:
        target = resolve(member)
        named = f"{concept(target.get('code'))} {_observed(target)}".strip() if target else referred(member, resolve)
        told.append(named[:LONGEST_REFERRED])
    return told


def _condition(resource: dict[str, Any], resolve: Resolve) -> list[str]:
    stage = next((concept(one.get("summary")) for one in items(resource.get("stage"))), "")
    return [concept(resource.get("severity")), *_states(resource), f"stage {stage}" if stage else ""]


def _allergy(resource: dict[str, Any], resolve: Resolve) -> list[str]:
    told = []
    for one in items(resource.get("reaction")):
        signs = f"{concepts(one.get('manifestation'))} {word(one.get('severity'))}".strip()
        others = list(parts(one, resolve, 1, frozenset({"manifestation", "severity", "note"})))
        notes = [word(note.get("text")) for note in items(one.get("note"))]
        if reaction := ", ".join(filter(None, (signs, *others, *notes))):
            told.append(f"reaction: {reaction}")
    high = word(resource.get("criticality"))
    return [*told, f"criticality {high}" if high else "", *_states(resource)]


def _medication(resource: dict[str, Any], resolve: Resolve) -> list[str]:
    doses = [dosage(one) for name in ("dosageInstruction", "dosage") for one in items(resource.get(name))]
    reason = concepts(resource.get("reasonCode"))
    stopped = ["not to be done"] if is_yes(resource.get("doNotPerform")) else []
    return [*stopped, *doses, f"for {reason}" if reason else ""]


def _family(resource: dict[str, Any], resolve: Resolve) -> list[str]:
    told = [concept(resource.get("relationship"))]
    for one in items(resource.get("condition")):
        others = [
            *parts(one, resolve, 1, frozenset({"code", "note"})),
            *(word(note.get("text")) for note in items(one.get("note"))),
        ]
        more = ", ".join(filter(None, others))
        told.append(f"{concept(one.get('code'))}{f' ({more})' if more else ''}")
    return told


def _encounter(resource: dict[str, Any], resolve: Resolve) -> list[str]:
    return [
        concepts(resource.get("class")),
        *(referred(one.get("condition") or {}, resolve) for one in items(resource.get("diagnosis"))),
    ]


def _states(resource: dict[str, Any]) -> list[str]:
    return [
        told.replace(IN_ERROR, "") for told in (concept(resource.get(f"{name}Status")) for name in ("clinical", "verification"))
    ]


DETAILS: dict[str, tuple[Callable[[dict[str, Any], Resolve], list[str]], frozenset[str]]] = {
    "Observation": (_observation, frozenset({"interpretation", "referenceRange", "component", "hasMember", "dataAbsentReason"})),
    "Condition": (_condition, frozenset({"severity", "clinicalStatus", "verificationStatus", "stage"})),
    "AllergyIntolerance": (_allergy, frozenset({"reaction", "criticality", "clinicalStatus", "verificationStatus"})),
    "FamilyMemberHistory": (_family, frozenset({"relationship", "condition", "name"})),
    "Encounter": (_encounter, frozenset({"class", "diagnosis"})),
    **dict.fromkeys(
        ("MedicationRequest", "MedicationStatement", "MedicationUsage", "MedicationAdministration", "MedicationDispense"),
        (_medication, frozenset({"dosageInstruction", "dosage", "reasonCode", "doNotPerform"})),
    ),
}  # fmt: skip


def lines_of(resource: dict[str, Any], resolve: Resolve) -> list[str]:
    """The resource as lines: what it is with its details, day, status and notes; the answers of a questionnaire a line each."""
    kind = resource["resourceType"]
    if kind == "QuestionnaireResponse":
        return list(_answers(resource.get("item"), resolve, 0))
    field, name = next(((one, told) for one in CODES if (told := concept(resource.get(one)))), ("", ""))
    if not name and "medicationReference" in resource:
        target = resolve(resource["medicationReference"]) or {}
        name = concept(target.get("code")) or concept(resource.get("medicationReference"))
    describe, used = DETAILS.get(kind, (None, frozenset[str]()))
    details = describe(resource, resolve) if describe else []
    when = next((one for one in MOMENTS if word(resource.get(one))), "") or next(
        (one for one in PERIODS if period(resource.get(one))), ""
    )
    shown = period(resource[when]) if when in PERIODS else moment(word(resource.get(when)))
    state = word(resource.get("status"))
    taken = used | {field, when, "status", "note", "medicationReference"}
    values = frozenset(one for one in resource if one.startswith("value")) if kind == "Observation" else frozenset[str]()
    others = list(parts(resource, resolve, 0, frozenset(taken | values)))
    details = list(dict.fromkeys([*details, *others]))
    notes = [word(one.get("text")) for one in items(resource.get("note"))]
    wrong = IN_ERROR in (state, concept(resource.get("verificationStatus")))
    intent = word(resource.get("intent"))
    done = "" if wrong else state.replace("-", " ")
    whole = [
        done if state in NOT_DONE else "",
        *details,
        intent if intent in {"proposal", "plan", "option"} and kind != "CarePlan" else "",
        shown,
        "" if state in NOT_DONE else done,
        *notes,
    ]
    line = f"{name}: {'; '.join(filter(None, whole))}".strip(": ")
    if not name and not any(details) and not notes:
        return []
    return [f"Entered in error: {line}" if wrong else line]


def _answers(value: Any, resolve: Resolve, depth: int) -> Any:
    """The questions of a questionnaire with their answers, a line each."""
    for one in items(value) if depth < DEEPEST_QUESTION else ():
        answers = items(one.get("answer"))
        told = [as_text(inner, resolve, 1) for answer in answers for name, inner in answer.items() if name.startswith("value")]
        question = word(one.get("text")) or word(one.get("linkId"))
        if told or not items(one.get("item")):
            yield f"{question}: {', '.join(filter(None, told)) or 'no answer'}"
        elif question:
            yield question
        yield from _answers(one.get("item"), resolve, depth + 1)
        for answer in answers:
            yield from _answers(answer.get("item"), resolve, depth + 1)


def heading_of(kind: str) -> str:
    """The heading under which resources of a kind stand."""
    kinds: dict[str, str] = rules("fhir")["kinds"]
    return kinds.get(kind, kind)


def is_told(resource: dict[str, Any]) -> bool:
    """Whether a resource tells of a patient, and is neither a person nor what machines note for each other."""
    return resource["resourceType"] not in (*PEOPLE, *rules("fhir")["machines"])


def persons_of(resource: dict[str, Any]) -> list[str]:
    """Who did or said what a resource tells, by name, to stand beside the text."""
    told = []
    for name in rules("fhir")["persons"]:
        for one in items(resource.get(name)):
            inner = next((one[part] for part in ("actor", "individual", "member") if isinstance(one.get(part), dict)), one)
            if display := word(inner.get("display")):
                told.append(f"{name}: {display}")
    return told


FIELDS = {
    "family": "family name", "given": "given name", "text": "full name", "line": "street", "city": "city", "district": "county",
    "state": "state", "postalCode": "ZIP", "country": "country", "birthDate": "date of birth",
}  # fmt: skip


def people(resource: dict[str, Any]) -> list[str]:
    """What a resource tells of a person or a place, as "field: value", to stand beside the text; nothing for other resources."""
    kind = resource.get("resourceType")
    if kind not in PEOPLE:
        return []
    told: list[str] = []
    waiting: list[tuple[str, str, Any]] = [("", field, resource.get(field)) for field in TOLD_OF_PEOPLE]
    while waiting:
        above, field, one = waiting.pop()
        if isinstance(one, list):
            waiting += [(above, field, part) for part in reversed(one)]
        elif isinstance(one, dict):
            inside = [(name, value) for name, value in reversed(one.items()) if name not in {"use", "system", "type", "period"}]
            waiting += [
                (field if name != "value" else f"{field} {word(one.get('system'))}", name, value) for name, value in inside
            ]
        elif word(one):
            told.append(f"{_field(kind, above, field)}{word(one).replace(';', ',')}")
    return [f"{kind}: {'; '.join(told)}"] if told else []


TOLD_OF_PEOPLE = ("address", "telecom", "birthDate", "identifier", "name")


def _field(kind: str, above: str, field: str) -> str:
    """The label of a value by its field and the one around it, with its colon; nothing where no label is needed."""
    if field == "name":
        return "organization: "
    if field == "text":
        return "address: " if above == "address" else "full name: "
    if field == "value" and above.startswith("identifier"):
        own = "SSN" if "us-ssn" in above else "patient id"
        return f"{own}: " if kind in ("Patient", "RelatedPerson") else "provider id: "
    if field == "value" and above.startswith("telecom"):
        return "email: " if "email" in above else "phone: "
    return f"{FIELDS[field]}: " if field in FIELDS else ""
