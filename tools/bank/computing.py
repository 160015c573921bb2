"""File types, ports, status codes, acronyms and release names."""

from __future__ import annotations

import csv
import gzip
import http
import json
import re
import string
import subprocess
from collections.abc import Iterator

from rows import Row, Shelf, best_known, pip, plain

PYTHON = "Python 3.11 standard library"


def rows(shelf: Shelf) -> list[Row]:
    """All computing rows."""
    return [
        *statuses(shelf),
        *ports(shelf),
        *languages(shelf),
        *releases(shelf),
        *best_known(list(acronyms(shelf)), 260),
        *ascii_codes(),
    ]


def statuses(shelf: Shelf) -> Iterator[Row]:
    """Meaning of an HTTP status code: Python's table, checked by Node's."""
    script = "process.stdout.write(JSON.stringify(require('http').STATUS_CODES))"
    second = json.loads(
        subprocess.run(["node", "-e", script], capture_output=True, check=True).stdout
    )
    for status in http.HTTPStatus:
        if plain(second.get(str(status.value), "")) != plain(status.phrase):
            shelf.dropped["HTTP status: sources disagree"] += 1
            continue
        yield Row(
            str(status.value),
            "http_status",
            status.phrase,
            f"{status.value // 100}xx",
            PYTHON,
            "PSF-2.0",
            "Node 20",
        )


PORTS = {
    "ftp": "FTP", "ssh": "SSH", "telnet": "Telnet", "smtp": "SMTP", "domain": "DNS",
    "tftp": "TFTP", "gopher": "Gopher", "finger": "Finger", "http": "HTTP", "kerberos": "Kerberos",
    "pop3": "POP3", "nntp": "NNTP", "ntp": "NTP", "imap2": "IMAP", "snmp": "SNMP", "bgp": "BGP",
    "irc": "IRC", "ldap": "LDAP", "https": "HTTPS", "syslog": "syslog", "ldaps": "LDAPS",
    "imaps": "IMAPS", "pop3s": "POP3S", "rsync": "rsync", "mysql": "MySQL",
    "postgresql": "PostgreSQL", "x11": "X11", "nfs": "NFS", "whois": "WHOIS", "git": "Git",
    "sip": "SIP", "amqp": "AMQP", "svn": "Subversion", "echo": "the echo service",
    "discard": "the discard service", "daytime": "the daytime service", "rtsp": "RTSP",
    "mqtt": "MQTT", "openvpn": "OpenVPN", "radius": "RADIUS", "cvspserver": "CVS",
}  # fmt: skip


def ports(shelf: Shelf) -> Iterator[Row]:
    """Default port of a network service: IANA's list as Debian ships it, checked by nothing."""
    text = shelf.deb.joinpath("etc", "services").read_text(encoding="utf-8")
    known: dict[str, str] = {}
    second: dict[str, set[str]] = {}
    scanned = shelf.share("nmap", "nmap-services").read_text(encoding="utf-8")
    for name, port in re.findall(r"^(\S+)\t(\d+)/(?:tcp|udp)", scanned, re.MULTILINE):
        second.setdefault(name, set()).add(port)
    for name, port in re.findall(r"^([\w-]+)\s+(\d+)/", text, re.MULTILINE):
        known.setdefault(name, port)
    for name, title in PORTS.items():
        if name in known:
            if known[name] not in second.get(name, set()) | second.get(title.lower(), set()):
                shelf.dropped["port: not confirmed by the second source"] += 1
                continue
            yield Row(
                title, "service_port", known[name], "", "netbase 6.4", "GPL-2.0", "nmap-common 7.93"
            )
        else:
            shelf.dropped["port: not listed"] += 1


def languages(shelf: Shelf) -> Iterator[Row]:
    """File name ending of a programming language: Pygments' first pattern."""
    from pygments.lexers import get_all_lexers

    second = _linguist(shelf)
    wanted = [
        "Python",
        "Java",
        "C",
        "C++",
        "C#",
        "Ruby",
        "Perl",
        "PHP",
        "Go",
        "Rust",
        "Swift",
        "Kotlin",
        "Scala",
        "Haskell",
        "Erlang",
        "Elixir",
        "Clojure",
        "Lua",
        "R",
        "Julia",
        "Dart",
        "TypeScript",
        "JavaScript",
        "OCaml",
        "F#",
        "Fortran",
        "COBOL",
        "Ada",
        "Pascal",
        "Bash",
        "PowerShell",
        "Groovy",
        "Crystal",
        "Scheme",
        "Smalltalk",
        "Racket",
        "Solidity",
        "AppleScript",
        "Markdown",
        "Makefile",
        "reStructuredText",
        "Batchfile",
        "CoffeeScript",
        "Eiffel",
        "Cython",
        "Forth",
        "PostScript",
        "Stata",
        "Agda",
        "Idris",
        "Isabelle",
        "Logtalk",
    ]
    for name, _, patterns, _ in sorted(get_all_lexers()):
        endings = [p[1:] for p in patterns if re.fullmatch(r"\*\.\w+", p)]
        if name not in wanted or not endings or plain(endings[0]) == plain(name):
            continue
        if endings[0] not in second.get(plain(name), ()):
            shelf.dropped["file ending: not confirmed by the second source"] += 1
            continue
        yield Row(
            name,
            "file_ending",
            endings[0],
            endings[0][1],
            pip("pygments"),
            "BSD-2-Clause",
            "linguist-languages 9.5.0",
        )


def _linguist(shelf: Shelf) -> dict[str, list[str]]:
    """Endings by plain language name, from the npm package linguist-languages."""
    script = (
        "import('linguist-languages').then(m => process.stdout.write(JSON.stringify("
        "Object.values(m).map(l => [l.name, l.extensions || []]))))"
    )
    done = subprocess.run(
        ["node", "-e", script], capture_output=True, check=True, cwd=shelf.npm.parent
    )
    return {plain(name): endings for name, endings in json.loads(done.stdout)}


def releases(shelf: Shelf) -> Iterator[Row]:
    """Code names of Debian and Ubuntu releases, with their year."""
    for system, label in (("debian", "Debian"), ("ubuntu", "Ubuntu")):
        path = shelf.share("distro-info", f"{system}.csv")
        with path.open(encoding="utf-8", newline="") as file:
            for record in csv.DictReader(file):
                number = (record["version"] or "").replace(" LTS", "")
                if not number or not record.get("release"):
                    continue
                title = f"{label} {number}"
                yield Row(
                    title,
                    "release_codename",
                    record["codename"],
                    label,
                    "distro-info-data 0.58",
                    "ISC",
                    "",
                )


def acronyms(shelf: Shelf) -> Iterator[Row]:
    """What a computing acronym stands for: FOLDOC, checked by VERA."""
    first, second = _foldoc(shelf), _vera(shelf)
    for short, meaning in sorted(first.items()):
        if plain(meaning) not in second.get(short, set()):
            shelf.dropped["acronym: not confirmed by the second source"] += 1
            continue
        if all(w.islower() for w in meaning.split(" ")):
            meaning = meaning[0].upper() + meaning[1:]
        yield Row(
            short,
            "acronym",
            meaning,
            short[0],
            "dict-foldoc 20230119",
            "GFDL-1.1",
            "dict-vera 1.24",
        )


def _foldoc(shelf: Shelf) -> dict[str, str]:
    """Acronym -> expansion: FOLDOC heads such an entry with both, one below the other."""
    with gzip.open(shelf.share("dictd", "foldoc.dict.dz"), "rb") as file:
        body = file.read()
    index = shelf.share("dictd", "foldoc.index").read_text(encoding="utf-8")
    found = {}
    for line in index.splitlines():
        _, start, size = line.split("\t")
        entry = body[_number(start) : _number(start) + _number(size)].decode("utf-8", "replace")
        head = entry.split("\n\n")[0].split("\n")
        if len(head) < 2 or not re.fullmatch(r"[A-Za-z/\- ]{8,50}", head[0]):
            continue
        for short in head[1:]:
            if re.fullmatch(r"[A-Z][A-Z0-9]{1,5}", short) and " " in head[0]:
                found[short] = head[0]
    return found


def _number(digits: str) -> int:
    """A number of a dictd index, in its base 64."""
    order = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    value = 0
    for digit in digits:
        value = 64 * value + order.index(digit)
    return value


def _vera(shelf: Shelf) -> dict[str, set[str]]:
    """Every expansion VERA lists for an acronym, in comparable form."""
    with gzip.open(
        shelf.share("dictd", "vera.dict.dz"), "rt", encoding="utf-8", errors="replace"
    ) as file:
        lines = file.read().split("\n")
    found: dict[str, set[str]] = {}
    head = ""
    for line in lines:
        if line and not line.startswith(" "):
            head = line.strip()
        elif line.strip():
            text = re.sub(r"\([^)]*\)|\"[^\"]*\"", "", line)
            found.setdefault(head, set()).add(plain(text))
    return found


def ascii_codes() -> Iterator[Row]:
    """Decimal ASCII code of a capital letter, digit or sign (computed)."""
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        yield Row(
            f"capital {letter}", "ascii_code", str(ord(letter)), "", PYTHON, "PSF-2.0", "computed"
        )
