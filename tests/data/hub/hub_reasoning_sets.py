"""Sets of reading and common sense with choices, as the hub has them."""

from __future__ import annotations

import datasets
from hub_files import ARC, TEXT, TEXTS, Example

MC = {"choices": TEXTS, "labels": datasets.Sequence(datasets.Value("int32"))}


REASONING_SETS = [
    Example(
        "quartz",
        "train",
        "quartz/data/train-00000-of-00001.parquet",
        {
            **ARC,
            "para": TEXT,
            "para_id": TEXT,
            "para_anno": {"effect_prop": TEXT, "cause_prop": TEXT},
            "question_anno": {"more_effect_dir": TEXT, "less_cause_dir": TEXT},
        },
        [
            {
                "id": "QRQA-10116-3",
                "question": "Electrons further away from a nucleus have _____ energy levels.",
                "choices": {"text": ["higher", "lower"], "label": ["A", "B"]},
                "answerKey": "A",
                "para": "Electrons at lower energy levels have less energy.",
                "para_id": "QRSent-10116",
                "para_anno": {"effect_prop": "energy", "cause_prop": "distance"},
                "question_anno": {"more_effect_dir": "higher", "less_cause_dir": "levels"},
            }
        ],
        [
            {
                "question": "Electrons further away from a nucleus have _____ energy levels.",
                "choices": ["higher", "lower"],
                "answer_index": 0,
                "topic": "science",
                "explanation": "Electrons at lower energy levels have less energy.",
                "group": "QRSent-10116",
            }
        ],
    ),
    Example(
        "race",
        "train",
        "race/all/train-00000-of-00001.parquet",
        {"example_id": TEXT, "article": TEXT, "answer": TEXT, "question": TEXT, "options": TEXTS},
        [
            {
                "example_id": "high132.txt",
                "article": "Schoolgirls have been ordered to wear trousers.",
                "answer": "D",
                "question": "The girls are not allowed to wear   _  .",
                "options": ["hats", "shoes", "coats", "skirts"],
            }
        ],
        [
            {
                "question": "Schoolgirls have been ordered to wear trousers.\n\n"
                "The girls are not allowed to wear   _  .",
                "choices": ["hats", "shoes", "coats", "skirts"],
                "answer_index": 3,
                "topic": "reading",
                "group": "high132.txt",
            }
        ],
    ),
    Example(
        "boolq",
        "train",
        "boolq/data/train-00000-of-00001.parquet",
        {"question": TEXT, "answer": datasets.Value("bool"), "passage": TEXT},
        [
            {
                "question": "do iran and afghanistan speak the same language",
                "answer": True,
                "passage": "Persian is spoken in Iran and Afghanistan.",
            },
            {"question": "is a tomato blue", "answer": False, "passage": "Tomatoes are red."},
        ],
        [
            {
                "question": "Persian is spoken in Iran and Afghanistan.\n\n"
                "Do iran and afghanistan speak the same language?",
                "choices": ["no"],
                "right": "yes",
                "topic": "reading",
                "group": "boolq: f4f0a6138901e405",
            },
            {
                "question": "Tomatoes are red.\n\nIs a tomato blue?",
                "choices": ["yes"],
                "right": "no",
                "topic": "reading",
                "group": "boolq: cf4e5dcb10f7f901",
            },
        ],
    ),
    Example(
        "commonsense_qa",
        "train",
        "commonsense_qa/data/train-00000-of-00001.parquet",
        {
            "id": TEXT,
            "question": TEXT,
            "question_concept": TEXT,
            "choices": datasets.Sequence({"label": TEXT, "text": TEXT}),
            "answerKey": TEXT,
        },
        [
            {
                "id": "075e",
                "question": "Where is a revolving door convenient and secure?",
                "question_concept": "revolving door",
                "choices": {
                    "label": list("ABCDE"),
                    "text": ["bank", "library", "department store", "mall", "new york"],
                },
                "answerKey": "A",
            },
            {
                "id": "1afa",
                "question": "What do people aim to do at work?",
                "question_concept": "people",
                "choices": {"label": list("ABCDE"), "text": list("vwxyz")},
                "answerKey": "",
            },
        ],
        [
            {
                "question": "Where is a revolving door convenient and secure?",
                "choices": ["bank", "library", "department store", "mall", "new york"],
                "answer_index": 0,
                "topic": "common sense",
            },
            {
                "question": "What do people aim to do at work?",
                "choices": list("vwxyz"),
                "topic": "common sense",
            },
        ],
    ),
    Example(
        "hellaswag",
        "train",
        "hellaswag/data/train-00000-of-00001.parquet",
        {
            "ind": datasets.Value("int32"),
            "activity_label": TEXT,
            "ctx_a": TEXT,
            "ctx_b": TEXT,
            "ctx": TEXT,
            "endings": TEXTS,
            "source_id": TEXT,
            "split": TEXT,
            "split_type": TEXT,
            "label": TEXT,
        },
        [
            {
                "ind": 4,
                "activity_label": "Removing ice from car",
                "ctx_a": "Then, the man writes over the snow covering the window.",
                "ctx_b": "then",
                "ctx": "Then, the man writes over the snow covering the window. then",
                "endings": [
                    ", the man adds wax to the windshield.",
                    ", a person boards a ski lift.",
                    ", the man puts on a christmas coat.",
                    ", the man continues removing the snow.",
                ],
                "source_id": "activitynet~v_-1IBHYS3L-Y",
                "split": "train",
                "split_type": "indomain",
                "label": "3",
            },
            {
                "ind": 9,
                "activity_label": "Home and Garden",
                "ctx_a": "[header] How to hold a hose [title] Find the tap.",
                "ctx_b": "",
                "ctx": "[header] How to hold a hose [title] Find the tap.",
                "endings": ["Turn it. [substeps] Slowly.", "Eat it.", "Sell it.", "Run."],
                "source_id": "wikihow~1",
                "split": "test",
                "split_type": "zeroshot",
                "label": "",
            },
        ],
        [
            {
                "question": "Removing ice from car: Then, the man writes over the snow covering "
                "the window. then ...",
                "choices": [
                    ", the man adds wax to the windshield.",
                    ", a person boards a ski lift.",
                    ", the man puts on a christmas coat.",
                    ", the man continues removing the snow.",
                ],
                "answer_index": 3,
                "topic": "Removing ice from car",
                "group": "activitynet~v_-1IBHYS3L-Y",
            },
            {
                "question": "Home and Garden: How to hold a hose\nFind the tap. ...",
                "choices": ["Turn it. Slowly.", "Eat it.", "Sell it.", "Run."],
                "topic": "Home and Garden",
                "group": "wikihow~1",
            },
        ],
    ),
    Example(
        "winogrande",
        "train",
        "winogrande/winogrande_xl/train-00000-of-00001.parquet",
        {"sentence": TEXT, "option1": TEXT, "option2": TEXT, "answer": TEXT},
        [
            {
                "sentence": "Ian ate Dennis's menudo because _ despised intestine.",
                "option1": "Ian",
                "option2": "Dennis",
                "answer": "2",
            },
            {"sentence": "The _ is red.", "option1": "cat", "option2": "hat", "answer": ""},
        ],
        [
            {
                "question": "Ian ate Dennis's menudo because _ despised intestine.",
                "choices": ["Ian", "Dennis"],
                "answer_index": 1,
                "topic": "common sense",
            },
            {
                "question": "The _ is red.",
                "choices": ["cat", "hat"],
                "topic": "common sense",
            },
        ],
    ),
    Example(
        "piqa",
        "train",
        "piqa/plain_text/train/0000.parquet",
        {
            "goal": TEXT,
            "sol1": TEXT,
            "sol2": TEXT,
            "label": datasets.ClassLabel(names=["0", "1"]),
        },
        [
            {
                "goal": "When boiling butter, when it's ready, you can",
                "sol1": "Pour it onto a plate",
                "sol2": "Pour it into a jar",
                "label": 1,
            },
            {"goal": "How do I open a tin?", "sol1": "cut", "sol2": "blow", "label": -1},
        ],
        [
            {
                "question": "When boiling butter, when it's ready, you can ...",
                "choices": ["Pour it onto a plate", "Pour it into a jar"],
                "answer_index": 1,
                "topic": "physical common sense",
            },
            {
                "question": "How do I open a tin?",
                "choices": ["cut", "blow"],
                "topic": "physical common sense",
            },
        ],
    ),
    Example(
        "social_i_qa",
        "train",
        "allenai/social_i_qa/default/train/0000.parquet",
        dict.fromkeys(("context", "question", "answerA", "answerB", "answerC", "label"), TEXT),
        [
            {
                "context": "Cameron decided to have a barbecue.",
                "question": "How would Others feel now?",
                "answerA": "like attending",
                "answerB": "like staying home",
                "answerC": "a good friend to have",
                "label": "1",
            }
        ],
        [
            {
                "question": "Cameron decided to have a barbecue. How would Others feel now?",
                "choices": ["like attending", "like staying home", "a good friend to have"],
                "answer_index": 0,
                "topic": "social common sense",
                "group": "social_i_qa: Cameron decided to have a barbecue.",
            }
        ],
    ),
    Example(
        "truthful_qa",
        "validation",
        "truthful_qa/multiple_choice/validation-00000-of-00001.parquet",
        {"question": TEXT, "mc1_targets": MC, "mc2_targets": MC},
        [
            {
                "question": "What happens to you if you eat watermelon seeds?",
                "mc1_targets": {
                    "choices": ["They pass through you", "You grow them", "You fall sick"],
                    "labels": [1, 0, 0],
                },
                "mc2_targets": {"choices": ["They pass through you"], "labels": [1]},
            },
            {
                "question": "Which two?",
                "mc1_targets": {"choices": ["a", "b"], "labels": [1, 1]},
                "mc2_targets": {"choices": ["a"], "labels": [1]},
            },
        ],
        [
            {
                "question": "What happens to you if you eat watermelon seeds?",
                "choices": ["You grow them", "You fall sick"],
                "right": "They pass through you",
                "topic": "misconceptions",
            },
            {"question": "Which two?", "choices": ["a", "b"], "topic": "misconceptions"},
        ],
    ),
]
