"""A tuned model as an entry in the official competition's layout."""
