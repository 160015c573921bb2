"""Sets of open questions, as the hub has them."""

from __future__ import annotations

import datasets
from hub_files import TEXT, TEXTS, Example

TRIVIA_ANSWER = {
    "aliases": TEXTS,
    "normalized_aliases": TEXTS,
    "matched_wiki_entity_name": TEXT,
    "normalized_matched_wiki_entity_name": TEXT,
    "normalized_value": TEXT,
    "type": TEXT,
    "value": TEXT,
}

OPEN_SETS = [
    Example(
        "math",
        "train",
        "MATH-lighteval/data/train-00000-of-00001.parquet",
        {"problem": TEXT, "level": TEXT, "solution": TEXT, "type": TEXT},
        [
            {
                "problem": "What is $\\frac12+\\frac14$?",
                "level": "Level 2",
                "solution": "We add: $\\boxed{2}$? No: \\[\\boxed{\\frac{3}{4}}.\\]",
                "type": "Algebra",
            },
            {
                "problem": "Draw a line.",
                "level": "Level ?",
                "solution": "Like this.",
                "type": "Geometry",
            },
        ],
        [
            {
                "question": "What is $\\frac12+\\frac14$?",
                "answer": "\\frac{3}{4}",
                "topic": "Algebra",
                "explanation": "We add: $\\boxed{2}$? No: \\[\\boxed{\\frac{3}{4}}.\\]",
            },
            {"question": "Draw a line.", "topic": "Geometry", "explanation": "Like this."},
        ],
    ),
    Example(
        "gsm8k",
        "train",
        "gsm8k/main/train-00000-of-00001.parquet",
        {"question": TEXT, "answer": TEXT},
        [
            {
                "question": "Natalia sold 48 clips in April and half as many in May. How many?",
                "answer": "In May she sold 48/2 = <<48/2=24>>24.\nShe sold 48+24 = <<48+24=72>>72."
                "\n#### 72",
            },
            {"question": "And then?", "answer": "Nobody knows."},
        ],
        [
            {
                "question": "Natalia sold 48 clips in April and half as many in May. How many?",
                "answer": "72",
                "topic": "arithmetic",
                "explanation": "In May she sold 48/2 = 24.\nShe sold 48+24 = 72.",
            },
            {"question": "And then?", "topic": "arithmetic", "explanation": "Nobody knows."},
        ],
    ),
    Example(
        "trivia_qa",
        "train",
        "trivia_qa/unfiltered.nocontext/train-00000-of-00001.parquet",
        {
            "question": TEXT,
            "question_id": TEXT,
            "question_source": TEXT,
            "entity_pages": datasets.Sequence(
                {"doc_source": TEXT, "filename": TEXT, "title": TEXT, "wiki_context": TEXT}
            ),
            "search_results": datasets.Sequence(
                {
                    "description": TEXT,
                    "filename": TEXT,
                    "rank": datasets.Value("int32"),
                    "title": TEXT,
                    "url": TEXT,
                    "search_context": TEXT,
                }
            ),
            "answer": TRIVIA_ANSWER,
        },
        [
            {
                "question": "Who was the man behind The Chipmunks?",
                "question_id": "tc_2",
                "question_source": "http://www.triviacountry.com/",
                "entity_pages": {
                    "doc_source": [],
                    "filename": [],
                    "title": [],
                    "wiki_context": [],
                },
                "search_results": {
                    "description": [],
                    "filename": [],
                    "rank": [],
                    "title": [],
                    "url": [],
                    "search_context": [],
                },
                "answer": {
                    "aliases": ["David Seville", "Dave Seville", "david  seville"],
                    "normalized_aliases": ["david seville"],
                    "matched_wiki_entity_name": "",
                    "normalized_matched_wiki_entity_name": "",
                    "normalized_value": "david seville",
                    "type": "WikipediaEntity",
                    "value": "David Seville",
                },
            },
            {
                "question": "What is hidden?",
                "question_id": "tc_3",
                "question_source": "http://www.triviacountry.com/",
                "entity_pages": None,
                "search_results": None,
                "answer": {
                    "aliases": [],
                    "normalized_aliases": [],
                    "matched_wiki_entity_name": "<unk>",
                    "normalized_matched_wiki_entity_name": "<unk>",
                    "normalized_value": "<unk>",
                    "type": "",
                    "value": "<unk>",
                },
            },
        ],
        [
            {
                "question": "Who was the man behind The Chipmunks?",
                "answer": "David Seville",
                "aliases": ["Dave Seville"],
                "topic": "trivia",
            },
            {"question": "What is hidden?", "topic": "trivia"},
        ],
    ),
    Example(
        "nq_open",
        "train",
        "nq_open/nq_open/train-00000-of-00001.parquet",
        {"question": TEXT, "answer": TEXTS},
        [
            {
                "question": "where did they film hot tub time machine",
                "answer": ["Fernie Alpine Resort", "Fernie"],
            }
        ],
        [
            {
                "question": "Where did they film hot tub time machine?",
                "answer": "Fernie Alpine Resort",
                "aliases": ["Fernie"],
                "topic": "trivia",
            }
        ],
    ),
    Example(
        "web_questions",
        "train",
        "web_questions/data/train-00000-of-00001.parquet",
        {"url": TEXT, "question": TEXT, "answers": TEXTS},
        [
            {
                "url": "http://www.freebase.com/view/en/justin_bieber",
                "question": "what is the name of justin bieber brother?",
                "answers": ["Jazmyn Bieber", "Jaxon Bieber"],
            }
        ],
        [
            {
                "question": "What is the name of justin bieber brother?",
                "answer": "Jazmyn Bieber",
                "aliases": ["Jaxon Bieber"],
                "topic": "trivia",
            }
        ],
    ),
]
