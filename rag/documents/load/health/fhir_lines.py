"""One FHIR resource as one readable line, and the small words that resources are made of."""

from collections.abc import Callable
from typing import Any

Resolve = Callable[[Any], "dict[str, Any] | None"]
TOLD = {
    "AllergyIntolerance": "Allergies", "Condition": "Problems", "MedicationRequest": "Medications",
    "MedicationStatement": "Medications taken", "MedicationAdministration": "Medications given", "Immunization": "Immunizations",
    "Procedure": "Procedures", "Observation": "Observations", "FamilyMemberHistory": "Family history", "CarePlan": "Care plans",
    "Goal": "Goals", "ServiceRequest": "Requests", "Encounter": "Encounters", "Device": "Devices",
    "ClinicalImpression": "Impressions", "Communication": "Communications",
}  # fmt: skip
PEOPLE = ("Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Organization", "Location")
CODES = ("code", "medicationCodeableConcept", "vaccineCode", "medication", "type", "description")
MOMENTS = ("effectiveDateTime", "onsetDateTime", "performedDateTime", "occurrenceDateTime", "authoredOn", "recordedDate", "sent",
           "date", "issued")  # fmt: skip
PERIODS = ("effectivePeriod", "performedPeriod", "period", "onsetPeriod")


def items(value: Any) -> list[dict[str, Any]]:
    """The objects in a value that may be one, several or something else."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def word(value: Any) -> str:
    """A text or number as text; anything else as nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str | int | float) else ""


def concept(value: Any) -> str:
    """What a coded concept is called."""
    if isinstance(value, str):
        return value
    for one in items(value):
        inner = one.get("concept")
        if isinstance(inner, dict):
            return concept(inner)
        names = [one.get("text"), *(coding.get("display") for coding in items(one.get("coding"))), one.get("display")]
        codes = [coding.get("code") for coding in items(one.get("coding"))]
        if told := next(filter(None, map(word, [*names, *codes])), ""):
            return told
    return ""


def quantity(value: Any) -> str:
    """A quantity with its comparator and unit."""
    if not isinstance(value, dict):
        return ""
    unit = word(value.get("unit")) or word(value.get("code"))
    return f"{word(value.get('comparator'))}{word(value.get('value'))} {unit}".strip()


def value_of(resource: dict[str, Any]) -> str:
    """The value of an observation or a component, whatever its kind."""
    for name, value in resource.items():
        if not name.startswith("value") or name == "valueSet":
            continue
        if name in {"valueQuantity", "valueAge"}:
            return quantity(value)
        if name == "valueRange" and isinstance(value, dict):
            return f"{quantity(value.get('low'))}–{quantity(value.get('high'))}"
        if name == "valueRatio" and isinstance(value, dict):
            return f"{quantity(value.get('numerator'))} : {quantity(value.get('denominator'))}"
        if name == "valuePeriod":
            return _period(value)
        return concept(value) or word(value)
    return f"no value ({absent})" if (absent := concept(resource.get("dataAbsentReason"))) else ""


def _period(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    return " to ".join(filter(None, (word(value.get("start")), word(value.get("end")))))


def _range(value: Any) -> str:
    for one in items(value):
        low, high = quantity(one.get("low")), quantity(one.get("high"))
        told = word(one.get("text")) or (f"{low}–{high}" if low and high else f"≥ {low}" if low else f"≤ {high}" if high else "")
        if told:
            return f" [reference {told}]"
    return ""


def _observed(one: dict[str, Any]) -> str:
    meaning = concept(one.get("interpretation"))
    return f"{value_of(one)}{f' ({meaning})' if meaning else ''}{_range(one.get('referenceRange'))}".strip()


def _observation(resource: dict[str, Any]) -> list[str]:
    told = [_observed(resource)]
    told += [f"{concept(one.get('code'))} {_observed(one)}".strip() for one in items(resource.get("component"))]
    return told


def _condition(resource: dict[str, Any]) -> list[str]:
    return [concept(resource.get("severity")), *_states(resource), _stage(resource), _end(resource, "abatement", "until")]


def _allergy(resource: dict[str, Any]) -> list[str]:
    reactions = [
        f"{', '.join(filter(None, map(concept, _each(one.get('manifestation')))))} {word(one.get('severity'))}".strip()
        for one in items(resource.get("reaction"))
    ]
    high = word(resource.get("criticality"))
    return [f"reaction: {one}" for one in reactions if one] + ([f"criticality {high}"] if high else []) + _states(resource)


def _medication(resource: dict[str, Any]) -> list[str]:
    doses = [
        word(one.get("text")) or " ".join(filter(None, (_dose(one), concept(one.get("route")), concept(one.get("timing")))))
        for one in items(resource.get("dosageInstruction")) + items(resource.get("dosage"))
    ]
    reason = concept(resource.get("reasonCode"))
    stopped = ["not to be done"] if resource.get("doNotPerform") is True else []
    return [*stopped, *doses, f"for {reason}" if reason else ""]


def _dose(one: dict[str, Any]) -> str:
    rates = [quantity(rate.get("doseQuantity")) for rate in items(one.get("doseAndRate"))]
    return next(filter(None, rates), "") or quantity(one.get("dose"))


def _family(resource: dict[str, Any]) -> list[str]:
    told = [concept(resource.get("relationship"))]
    return told + [concept(one.get("code")) for one in items(resource.get("condition"))]


def _states(resource: dict[str, Any]) -> list[str]:
    return [concept(resource.get("clinicalStatus")), concept(resource.get("verificationStatus"))]


def _stage(resource: dict[str, Any]) -> str:
    stage = next((concept(one.get("summary")) for one in items(resource.get("stage"))), "")
    return f"stage {stage}" if stage else ""


def _end(resource: dict[str, Any], name: str, before: str) -> str:
    told = word(resource.get(f"{name}DateTime")) or word(resource.get(f"{name}String"))
    return f"{before} {told}" if told else ""


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


DETAILS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "Observation": _observation, "Condition": _condition, "AllergyIntolerance": _allergy, "MedicationRequest": _medication,
    "MedicationStatement": _medication, "MedicationAdministration": _medication, "FamilyMemberHistory": _family,
}  # fmt: skip


def line_of(resource: dict[str, Any], resolve: Resolve) -> str:
    """The resource as a line: what it is, its details, day, status and notes; nothing where it has no name."""
    name = next(filter(None, (concept(resource.get(field)) for field in CODES)), "")
    if not name:
        target = resolve(resource.get("medicationReference")) or {}
        name = concept(target.get("code")) or concept(resource.get("medicationReference"))
    describe = DETAILS.get(resource["resourceType"])
    details = describe(resource) if describe else []
    if not name and not any(details):
        return ""
    moment = next(filter(None, (word(resource.get(field)) for field in MOMENTS)), "")
    moment = moment or next(filter(None, (_period(resource.get(field)) for field in PERIODS)), "")
    status = word(resource.get("status")).replace("-", " ")
    notes = [word(one.get("text")) for one in items(resource.get("note"))]
    told = [*details, moment[:10] if "T" in moment else moment, status, *notes]
    return f"{name}: {'; '.join(filter(None, told))}".strip(": ")


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
