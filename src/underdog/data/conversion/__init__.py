"""Open questions into multiple-choice ones: distractors that are wrong, alike and fair."""
