"""Detectors trained through Ultralytics, optional: offline, recorded, continued after a kill."""
