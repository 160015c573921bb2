"""Matches between players: the referee, the events, the score derived from them."""
