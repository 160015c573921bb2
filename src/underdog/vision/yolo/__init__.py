"""Detectors trained through Ultralytics, an optional package: offline, watched, continued after a kill."""
