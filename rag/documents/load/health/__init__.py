"""HL7 FHIR and C-CDA."""
