"""The command line: one file per command. Parse, wire, print."""
