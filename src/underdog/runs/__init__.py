"""The record of work on disk: whole files or none, append-only logs, one header per run."""
