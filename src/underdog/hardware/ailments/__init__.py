"""What logs complain of: error lines with their cause and cure, and the reader that finds them."""
