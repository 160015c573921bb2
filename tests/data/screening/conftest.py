"""Makes this folder the place where `rows` is found."""
