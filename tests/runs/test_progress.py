"""Listeners."""

from underdog.runs.progress import SILENT, Silent


def test_the_default_listener_takes_every_report_and_says_nothing(capsys) -> None:  # type: ignore[no-untyped-def]
    """Rooms may report as often as they like to it."""
    for listener in (SILENT, Silent()):
        listener.begin("task", None)
        listener.advance(3, "note")
        listener.end()
    assert capsys.readouterr() == ("", "")
