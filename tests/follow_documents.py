"""Five invented patients, of whom follow-up questions are asked in tests; the embedder needs no model."""

from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.values import Document

PEOPLE = {"P-0412": "68-year-old man", "P-0268": "79-year-old woman", "P-0733": "64-year-old woman",
          "P-0887": "82-year-old woman", "P-0591": "51-year-old man"}  # fmt: skip
STORIES = {
    "P-0412": "Heart failure with kidney injury. Torsemide 40 mg by mouth daily. Carvedilol 6.25 mg twice daily.",
    "P-0268": "Pneumonia and new atrial fibrillation. Apixaban 5 mg twice daily. Amoxicillin 1 g three times daily.",
    "P-0733": "Lung nodule of 12 mm on the chest CT. The MRI of the brain shows no metastasis.",
    "P-0887": "Hip fracture, fixed with a nail. She walks 40 feet with a front-wheeled walker.",
    "P-0591": "Prediabetes. Influenza vaccine in the right arm. He declined a statin.",
}


def index_of_five() -> Index:
    """The index of a note a patient and a policy of nobody."""
    notes = [
        Document(f"note_{name}.txt", f"Patient: {name} ({who})\n\n{STORIES[name]}\n", type="note", patient=name)
        for name, who in PEOPLE.items()
    ]
    policy = Document("policy.txt", "A PET/CT is covered for a nodule of 8 to 30 mm.\n", type="policy")
    return Pipeline(embed=Hashing()).prepare([*notes, policy], Artifacts())
