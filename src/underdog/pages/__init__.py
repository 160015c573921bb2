"""What all pages have in common: words for numbers, scales, drawings, style."""
