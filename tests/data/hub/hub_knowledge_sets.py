"""Sets of knowledge with choices, as the hub has them."""

from __future__ import annotations

import datasets
from hub_files import ARC, LABELLED, TEXT, TEXTS, Example

MMLU = {
    "question": TEXT,
    "subject": TEXT,
    "choices": TEXTS,
    "answer": datasets.ClassLabel(names=["A", "B", "C", "D"]),
}

KNOWLEDGE_SETS = [
    Example(
        "mmlu",
        "validation",
        "mmlu/all/validation-00000-of-00001.parquet",
        MMLU,
        [
            {
                "question": "What is the order of Z_4?",
                "subject": "abstract_algebra",
                "choices": ["1", "2", "4", "8"],
                "answer": 2,
            },
            {"question": "Which?", "subject": "", "choices": ["a", "b", "c", "d"], "answer": 0},
        ],
        [
            {
                "question": "What is the order of Z_4?",
                "choices": ["1", "2", "4", "8"],
                "answer_index": 2,
                "topic": "abstract algebra",
            },
            {
                "question": "Which?",
                "choices": ["a", "b", "c", "d"],
                "answer_index": 0,
                "topic": "mixed",
            },
        ],
    ),
    Example(
        "mmlu_pro",
        "validation",
        "mmlu_pro/data/validation-00000-of-00001.parquet",
        {
            "question_id": datasets.Value("int64"),
            "question": TEXT,
            "options": TEXTS,
            "answer": TEXT,
            "answer_index": datasets.Value("int64"),
            "cot_content": TEXT,
            "category": TEXT,
            "src": TEXT,
        },
        [
            {
                "question_id": 0,
                "question": "The ring 2Z has characteristic",
                "options": ["0", "30", "3", "10", "12", "50", "2", "100", "20", "5"],
                "answer": "A",
                "answer_index": 0,
                "cot_content": "A: Let's think step by step. The answer is (A).",
                "category": "math",
                "src": "cot_lib-abstract_algebra",
            }
        ],
        [
            {
                "question": "The ring 2Z has characteristic",
                "choices": ["0", "30", "3", "10", "12", "50", "2", "100", "20", "5"],
                "answer_index": 0,
                "topic": "math",
                "explanation": "Let's think step by step. The answer is (A).",
            }
        ],
    ),
    Example(
        "sciq",
        "train",
        "sciq/data/train-00000-of-00001.parquet",
        {
            "question": TEXT,
            "distractor3": TEXT,
            "distractor1": TEXT,
            "distractor2": TEXT,
            "correct_answer": TEXT,
            "support": TEXT,
        },
        [
            {
                "question": "What phenomenon makes global winds blow northeast?",
                "distractor3": "tropical effect",
                "distractor1": "muon effect",
                "distractor2": "centrifugal effect",
                "correct_answer": "coriolis effect",
                "support": "Without Coriolis Effect the global winds would blow north.",
            }
        ],
        [
            {
                "question": "What phenomenon makes global winds blow northeast?",
                "choices": ["muon effect", "centrifugal effect", "tropical effect"],
                "right": "coriolis effect",
                "topic": "science",
                "explanation": "Without Coriolis Effect the global winds would blow north.",
            }
        ],
    ),
    Example(
        "arc_easy",
        "validation",
        "ai2_arc/ARC-Easy/validation-00000-of-00001.parquet",
        ARC,
        [
            {
                "id": "MCAS_1",
                "question": "Which is a solid?",
                "choices": {"text": ["ice", "steam", "water", "air"], "label": list("ABCD")},
                "answerKey": "A",
            }
        ],
        [
            {
                "question": "Which is a solid?",
                "choices": ["ice", "steam", "water", "air"],
                "answer_index": 0,
                "topic": "science",
            }
        ],
    ),
    Example(
        "arc_challenge",
        "train",
        "ai2_arc/ARC-Challenge/train-00000-of-00001.parquet",
        ARC,
        [
            {
                "id": "NYSEDREGENTS_2",
                "question": "Which gas do plants take in?",
                "choices": {"text": ["oxygen", "neon", "carbon dioxide"], "label": list("123")},
                "answerKey": "3",
            }
        ],
        [
            {
                "question": "Which gas do plants take in?",
                "choices": ["oxygen", "neon", "carbon dioxide"],
                "answer_index": 2,
                "topic": "science",
            }
        ],
    ),
    Example(
        "openbookqa",
        "train",
        "openbookqa/additional/train-00000-of-00001.parquet",
        {
            "id": TEXT,
            "question_stem": TEXT,
            "choices": LABELLED,
            "answerKey": TEXT,
            "fact1": TEXT,
            "humanScore": datasets.Value("float32"),
            "clarity": datasets.Value("float32"),
            "turkIdAnonymized": TEXT,
        },
        [
            {
                "id": "7-980",
                "question_stem": "The sun is responsible for",
                "choices": {
                    "text": ["puppies", "children", "flowers wilting", "clothing"],
                    "label": list("ABCD"),
                },
                "answerKey": "C",
                "fact1": "the sun is the source of energy for life",
                "humanScore": 1.0,
                "clarity": 2.0,
                "turkIdAnonymized": "b356d338b7",
            }
        ],
        [
            {
                "question": "The sun is responsible for",
                "choices": ["puppies", "children", "flowers wilting", "clothing"],
                "answer_index": 2,
                "topic": "science",
                "explanation": "the sun is the source of energy for life",
            }
        ],
    ),
    Example(
        "qasc",
        "train",
        "qasc/data/train-00000-of-00001.parquet",
        {
            **ARC,
            "fact1": TEXT,
            "fact2": TEXT,
            "combinedfact": TEXT,
            "formatted_question": TEXT,
        },
        [
            {
                "id": "3E7",
                "question": "What type of water formation is formed by clouds?",
                "choices": {"text": [*list("pqrstuv"), "beads"], "label": list("ABCDEFGH")},
                "answerKey": "H",
                "fact1": "beads of water are formed by water vapor condensing",
                "fact2": "clouds are made of water vapor",
                "combinedfact": "beads of water are formed by clouds",
                "formatted_question": "What type ...",
            }
        ],
        [
            {
                "question": "What type of water formation is formed by clouds?",
                "choices": [*"pqrstuv", "beads"],
                "answer_index": 7,
                "topic": "science",
                "explanation": "beads of water are formed by clouds",
            }
        ],
    ),
    Example(
        "medmcqa",
        "train",
        "medmcqa/data/train-00000-of-00001.parquet",
        {
            "id": TEXT,
            "question": TEXT,
            "opa": TEXT,
            "opb": TEXT,
            "opc": TEXT,
            "opd": TEXT,
            "cop": datasets.ClassLabel(names=["a", "b", "c", "d"]),
            "choice_type": TEXT,
            "exp": TEXT,
            "subject_name": TEXT,
            "topic_name": TEXT,
        },
        [
            {
                "id": "e9ad",
                "question": "Which vitamin is supplied from only animal source:",
                "opa": "Vitamin C",
                "opb": "Vitamin B7",
                "opc": "Vitamin B12",
                "opd": "Vitamin D",
                "cop": 2,
                "choice_type": "single",
                "exp": None,
                "subject_name": "Biochemistry",
                "topic_name": "Vitamins and Minerals",
            }
        ],
        [
            {
                "question": "Which vitamin is supplied from only animal source:",
                "choices": ["Vitamin C", "Vitamin B7", "Vitamin B12", "Vitamin D"],
                "answer_index": 2,
                "topic": "Biochemistry",
            }
        ],
    ),
    Example(
        "medqa",
        "train",
        "medqa/phrases_no_exclude_train.jsonl",
        None,
        [
            {
                "question": "A pregnant woman has burning on urination. Best treatment?",
                "answer": "Nitrofurantoin",
                "options": {"A": "Ampicillin", "B": "Ceftriaxone", "C": "None", "D": "Nitro"},
                "meta_info": "step2&3",
                "answer_idx": "D",
                "metamap_phrases": ["23 year old pregnant woman", "burning"],
            }
        ],
        [
            {
                "question": "A pregnant woman has burning on urination. Best treatment?",
                "choices": ["Ampicillin", "Ceftriaxone", "None", "Nitro"],
                "answer_index": 3,
                "topic": "medicine",
            }
        ],
    ),
    Example(
        "aqua_rat",
        "train",
        "aqua_rat/raw/train-00000-of-00001.parquet",
        {"question": TEXT, "options": TEXTS, "rationale": TEXT, "correct": TEXT},
        [
            {
                "question": "Two friends plan to walk along a 43-km trail. How far had P walked?",
                "options": ["A)21", "B)21.5", "C)22", "D)22.5", "E)23"],
                "rationale": "If Q complete x kilometers, then P completes 1.15x. 2.15x=43, P=23.",
                "correct": "E",
            }
        ],
        [
            {
                "question": "Two friends plan to walk along a 43-km trail. How far had P walked?",
                "choices": ["21", "21.5", "22", "22.5", "23"],
                "answer_index": 4,
                "topic": "algebra",
                "explanation": "If Q complete x kilometers, then P completes 1.15x. 2.15x=43, "
                "P=23.",
            }
        ],
    ),
]
