"""Makes this folder the place where `question_files` is found, also from the folders below."""
