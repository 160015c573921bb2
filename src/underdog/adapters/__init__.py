"""Small trainable weights on a frozen model, in PEFT's format on disk."""
