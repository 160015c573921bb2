"""Processes of tests that need torch: each is a real one, and none pays for the imports again.

They are forked from a process that has imported the trainer, and nothing else, before; never from
the tests' own, whose threads would be missing in a fork of it.
"""

from __future__ import annotations

import multiprocessing

CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["underdog.training.trainer"])
