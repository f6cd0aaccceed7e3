"""Whether resources are valid FHIR, by fhir.resources; faults are told as paths."""

import re
from collections.abc import Iterator
from typing import Any

MOST_WARNINGS = 5


def faults_of(resources: list[dict[str, Any]]) -> tuple[str, ...]:
    """The faults of these resources, the first few one by one."""
    faults = list(_faults(resources))
    more = len(faults) - MOST_WARNINGS
    return (*faults[:MOST_WARNINGS], f"and {more} more faults like these") if more > 0 else tuple(faults)


def _faults(resources: list[dict[str, Any]]) -> Iterator[str]:
    """Where resources are not valid FHIR (R4B, else R5), as paths; never what stands there."""
    from fhir.resources import get_fhir_model_class
    from fhir.resources.R4B import get_fhir_model_class as earlier
    from pydantic import ValidationError

    for number, resource in enumerate(resources, 1):
        kind, first = resource["resourceType"], ""
        for models in (earlier, get_fhir_model_class):
            try:
                models(kind).model_validate(resource)
                break
            except ValidationError as error:
                told = error.errors(include_input=False, include_url=False, include_context=False)[0]
                path = ".".join(re.sub(r"[^\w\[\]]", "", str(part))[:40] for part in told["loc"][:8])
                first = first or f"not valid FHIR at {kind}{f'.{path}' if path else ''} ({told['type'].rpartition('.')[2]})"
            except (KeyError, LookupError):
                first = first or "of a kind that FHIR does not know"
            except Exception as error:  # Its validators raise many built-in kinds on odd values.
                first = first or f"not valid FHIR ({type(error).__name__})"
        else:
            yield f"resource {number}: {first}; it was read all the same"
