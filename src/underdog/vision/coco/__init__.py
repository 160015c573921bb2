"""Annotations in the COCO format, however large, into a folder that detectors train on."""
