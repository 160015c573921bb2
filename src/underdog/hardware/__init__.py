"""What this machine is. Works where torch is absent or broken."""
