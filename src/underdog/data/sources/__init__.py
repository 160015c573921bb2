"""Files of several formats, read into candidates: one reader per format, no judgement."""
