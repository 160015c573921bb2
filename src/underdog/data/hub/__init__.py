"""Public question sets by name: from the Hugging Face hub, or from files in the hub's schema."""
