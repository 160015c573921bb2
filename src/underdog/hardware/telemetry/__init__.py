"""What an accelerator is doing right now: memory, load, heat, power, clocks."""
