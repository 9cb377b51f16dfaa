#!/usr/bin/env python3
"""Writes the oracle of Sluice's SQL answers: queries/<topic>.sql in, <topic>.slt out.

DuckDB answers every statement; what it answers is what Sluice must answer, unless the
statement says otherwise. Needs Python 3.11 and exactly the DuckDB named below:

    pip install duckdb==1.5.6
    python tests/slt/oracle/make.py            # writes *.slt and docs/differences.md
    python tests/slt/oracle/make.py --check    # writes nothing, fails if something would change

A file of queries holds statements that end with `;` at the end of a line. Comment lines before a
statement explain it (they are copied), or direct this script:

    -- duckdb: SQL          how DuckDB spells the statement (several lines are joined)
    -- error: REGEX         both must fail, Sluice with a message that matches
    -- differs: REASON      Sluice answers otherwise on purpose; listed in docs/differences.md
    -- sluice: A | B        ... with this row (one line per row, columns apart by ` | `)
    -- sluice: (no rows)    ... with no rows
    -- sluice error: REGEX  ... with an error that matches
    -- differs: datafusion REASON
                            DataFusion is wrong: DuckDB's answer stays the expected one, under
                            `onlyif pending`, until Sluice mends it

A query without an ORDER BY of its own is compared in sorted order. The canonical text of values is
defined in `canonical` below and again, for Arrow arrays, in tests/it/canonical.rs; the vectors in
canonical_vectors.txt hold both to one another and are checked at every run.
"""

import datetime
import decimal
import json
import math
import re
import struct
import sys
from pathlib import Path

import duckdb

DUCKDB_VERSION = "1.5.6"
HERE = Path(__file__).resolve().parent
DIFFERENCES = HERE.parents[2] / "docs" / "differences.md"
GENERATED = ("<!-- written by tests/slt/oracle/make.py: do not edit below -->", "<!-- end -->")

INTEGERS = {
    "tinyint", "smallint", "integer", "bigint", "hugeint",
    "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint",
}  # fmt: skip


# --- canonical text -----------------------------------------------------------------------------


def canonical(kind, value, nested=False):
    """The canonical text of one value. `kind` is DuckDB's type; `nested` inside lists and the like.

    Intervals come as (months, days, microseconds), zoned timestamps as naive datetimes in UTC.
    """
    if value is None:
        return "NULL"
    name = kind.id
    if name == "boolean":
        return "true" if value else "false"
    if name in INTEGERS:
        return str(value)
    if name == "float":
        return float_text(shortest_single(value))
    if name == "double":
        return float_text(value)
    if name == "decimal":
        return format(value, "f")
    if name == "date":
        return value.isoformat()
    if name == "time":
        return time_text(value)
    if name.startswith("timestamp"):
        zone = "+00" if name == "timestamp with time zone" else ""
        return f"{value.date().isoformat()} {time_text(value)}{zone}"
    if name == "interval":
        return interval_text(*value)
    if name == "blob":
        return value.hex() or "(empty)"
    if name in ("list", "array"):
        child = kind.children[0][1]
        return "[" + ", ".join(canonical(child, v, True) for v in value) + "]"
    if name == "struct":
        fields = zip(kind.children, value.values())
        return "{" + ", ".join(f"{n}: {canonical(t, v, True)}" for (n, t), v in fields) + "}"
    if name == "map":
        key, val = (child for _, child in kind.children)
        pairs = (f"{canonical(key, k, True)}: {canonical(val, v, True)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if name in ("varchar", "uuid"):
        return text(str(value), nested)
    raise ValueError(f"no canonical text for type {name}")


def text(value, nested=False):
    """Escapes what would break a line or read as something else."""
    if value == "":
        return "(empty)"
    if value in ("NULL", "(empty)"):
        return "\\" + value
    special = "\\,:[]{}" if nested else "\\"
    names = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    out = []
    for at, char in enumerate(value):
        if char in names:
            out.append(names[char])
        elif char in special:
            out.append("\\" + char)
        elif char == " " and at in (0, len(value) - 1):
            out.append("\\s")
        elif ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0:
            out.append(f"\\u{{{ord(char):x}}}")
        else:
            out.append(char)
    return "".join(out)


def float_text(value):
    """Shortest digits that read back as the same number: Python's repr is the definition."""
    return "NaN" if math.isnan(value) else repr(value)


def shortest_single(value):
    """The double whose repr has the shortest digits that read back as this single."""
    if not math.isfinite(value):
        return value
    same = struct.pack("f", value)
    for digits in range(1, 10):
        short = float(f"{value:.{digits}g}")
        if struct.pack("f", short) == same:
            return short
    return value


def time_text(value, nanoseconds=0):
    """`08:00:00`, with a fraction only where it is not zero. Takes a time or a datetime."""
    fraction = f"{value.microsecond * 1000 + nanoseconds:09d}".rstrip("0")
    return f"{value:%H:%M:%S}" + (f".{fraction}" if fraction else "")


def interval_text(months, days, microseconds, nanoseconds=0):
    """`14 months 3 days 4.5 seconds`: the three units never mix, zero ones are left out."""
    parts = [f"{n} {unit}" for n, unit in ((months, "months"), (days, "days")) if n]
    total = microseconds * 1000 + nanoseconds
    if total or not parts:
        whole, fraction = divmod(abs(total), 1_000_000_000)
        digits = f"{fraction:09d}".rstrip("0")
        sign = "-" if total < 0 else ""
        parts.append(f"{sign}{whole}{'.' + digits if digits else ''} seconds")
    return " ".join(parts)


def interval_parts(shown):
    """DuckDB's text of an interval, `1 year 2 months 3 days -04:05:06.7`, as its three numbers."""
    months = days = micros = 0
    for number, unit in re.findall(r"(-?\d+) (year|month|day)s?", shown):
        if unit == "day":
            days = int(number)
        else:
            months += int(number) * (12 if unit == "year" else 1)
    if clock := re.search(r"(-?)(\d+):(\d+):(\d+)(?:\.(\d+))?$", shown):
        sign, hours, minutes, seconds, fraction = clock.groups()
        micros = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
        micros = micros * 1_000_000 + int((fraction or "").ljust(6, "0"))
        micros = -micros if sign else micros
    return months, days, micros


def letter(kind):
    """The letter of a column: I integers, R other numbers, T text, B booleans, D dates, P times."""
    name = kind.id
    if name in INTEGERS:
        return "I"
    if name in ("float", "double", "decimal"):
        return "R"
    if name.startswith("timestamp"):
        return "P"
    return {"varchar": "T", "boolean": "B", "date": "D"}.get(name, "?")


# --- the vectors both implementations are held to -----------------------------------------------


class Kind:
    """A type of the vectors in the shape of DuckDB's own type objects."""

    def __init__(self, id, children=()):
        self.id, self.children = id, children


BIGINT, VARCHAR = Kind("bigint"), Kind("varchar")
VECTOR_KINDS = {
    "list<text>": Kind("list", [("child", VARCHAR)]),
    "list<int>": Kind("list", [("child", BIGINT)]),
    "struct": Kind("struct", [("a", BIGINT), ("b", VARCHAR)]),
    "map": Kind("map", [("key", VARCHAR), ("value", BIGINT)]),
}


def vector(name, given):
    """The canonical text of one line of canonical_vectors.txt: a type and a JSON value."""
    epoch = datetime.datetime(1970, 1, 1)
    if given is None:
        return canonical(VARCHAR, None)
    if name in VECTOR_KINDS:
        return canonical(VECTOR_KINDS[name], given)
    if name == "float32":
        return canonical(Kind("float"), struct.unpack(">f", bytes.fromhex(given))[0])
    if name == "float64":
        return canonical(Kind("double"), struct.unpack(">d", bytes.fromhex(given))[0])
    if name == "decimal":
        unscaled, scale = given
        value = decimal.Decimal(unscaled).scaleb(-scale, decimal.Context(prec=76))
        return canonical(Kind("decimal"), value)
    if name == "date":
        return canonical(Kind("date"), (epoch + datetime.timedelta(days=given)).date())
    if name == "time":
        return canonical(Kind("time"), (epoch + datetime.timedelta(microseconds=given)).time())
    if name in ("timestamp", "timestamptz"):
        kind = "timestamp with time zone" if name == "timestamptz" else "timestamp"
        return canonical(Kind(kind), epoch + datetime.timedelta(microseconds=given))
    if name == "interval":
        return canonical(Kind("interval"), given)
    if name == "binary":
        return canonical(Kind("blob"), bytes.fromhex(given))
    return canonical(Kind({"bool": "boolean", "int": "bigint", "text": "varchar"}[name]), given)


def check_vectors():
    """Fails on the first vector that this script would write otherwise."""
    for line in (HERE / "canonical_vectors.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, given, expected = line.split("\t")
            if (got := vector(name, json.loads(given))) != expected:
                sys.exit(f"canonical_vectors.txt: {name} {given}: {got}, expected {expected}")


# --- statements ---------------------------------------------------------------------------------


class Wrong(Exception):
    """A statement says something that is not so."""


class Statement:
    """One statement of a topic with what its comment lines say."""

    def __init__(self, path, line):
        self.where = f"{path.name}:{line}"
        self.notes, self.sql, self.duckdb, self.sluice = [], [], [], []
        self.error = self.differs = self.sluice_error = None
        self.answered = ""  # by DuckDB, for the list of differences

    def direct(self, comment):
        """Takes one comment line, without its `--`."""
        key, found, rest = comment.partition(": ")
        if not found or key not in ("duckdb", "error", "differs", "sluice", "sluice error"):
            self.notes.append(comment)
        elif key in ("duckdb", "sluice"):
            getattr(self, key).append(rest)
        else:
            setattr(self, key.replace(" ", "_"), rest)

    @property
    def spelling(self):
        """What DuckDB is asked."""
        return "\n".join(self.duckdb or self.sql)

    @property
    def is_query(self):
        return not re.match(r"(?i)(create|drop|insert|set)\b", self.sql[0])

    @property
    def is_pending(self):
        return bool(self.differs) and self.differs.startswith("datafusion ")

    def expected_rows(self):
        """The rows Sluice answers by its own `-- sluice:` lines."""
        if self.sluice == ["(no rows)"]:
            return []
        return ["\t".join(row.split(" | ")) for row in self.sluice]


def read_topic(path):
    """The statements of one file, and the comment at its head (up to the first blank line)."""
    head, statements, current = [], [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("--") and (current is None or not current.sql):
            if current is None and not statements and not head_closed(head):
                head.append(line.removeprefix("--").strip())
                continue
            current = current or Statement(path, number)
            current.direct(line.removeprefix("--").strip())
        elif not line.strip():
            if current and current.sql:
                sys.exit(f"{path.name}:{number}: blank line inside a statement")
            if head and not head_closed(head):
                head.append(None)
        else:
            current = current or Statement(path, number)
            ends = line.rstrip().endswith(";")
            current.sql.append(line.rstrip().removesuffix(";"))
            if ends:
                statements.append(current)
                current = None
    if current:
        sys.exit(f"{path.name}: the last statement does not end with ;")
    return [line for line in head if line is not None], statements


def head_closed(head):
    return bool(head) and head[-1] is None


def has_outer_order(sql):
    """Whether an ORDER BY stands outside all parentheses and quotes."""
    bare = re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*", "", sql)
    depth, outer = 0, []
    for char in bare:
        depth += (char in "([{") - (char in ")]}")
        if depth == 0:
            outer.append(char)
    return re.search(r"(?i)\border\s+by\b", "".join(outer)) is not None


# --- asking DuckDB ------------------------------------------------------------------------------


def connect():
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    return con


def answer(con, sql):
    """The column letters and the rows of canonical text."""
    kinds = [column[1] for column in con.execute(sql).description]
    names = [f"c{at}" for at in range(len(kinds))]
    wanted = ", ".join(
        f"CAST({name} AS VARCHAR)" if kind.id == "interval"
        else f"CAST({name} AS TIMESTAMP)" if kind.id == "timestamp with time zone"
        else name
        for name, kind in zip(names, kinds)
    )  # fmt: skip
    # Python has no interval with months, and zoned timestamps would need a zone database.
    if any(kind.id in ("interval", "timestamp with time zone") for kind in kinds):
        sql = f"SELECT {wanted} FROM ({sql}\n) AS answer({', '.join(names)})"
    rows = []
    for row in con.execute(sql).fetchall():
        cells = []
        for kind, value in zip(kinds, row):
            if kind.id == "interval" and value is not None:
                value = interval_parts(value)
            cells.append(canonical(kind, value))
        rows.append(cells)
    # A column of bare NULLs has a type of its own in every engine: any will do.
    bare = [bool(rows) and all(row[at] == "NULL" for row in rows) for at in range(len(kinds))]
    return "".join("?" if null else letter(kind) for kind, null in zip(kinds, bare)), rows


# --- writing ------------------------------------------------------------------------------------


def record(con, statement):
    """The sqllogictest record of one statement."""
    lines = [f"# {note}".rstrip() for note in statement.notes]
    if statement.differs:
        lines.append(f"# differs: {statement.differs}")
    if not statement.is_query:
        con.execute(statement.spelling)
        return lines + ["statement ok", *statement.sql]
    try:
        letters, rows = answer(con, statement.spelling)
        failure = None
    except duckdb.Error as error:
        letters, rows, failure = "?", [], error
    if isinstance(failure, (duckdb.ParserException, duckdb.CatalogException)):
        raise failure
    if bool(failure) != bool(statement.error) and not (statement.differs and statement.sluice):
        raise Wrong(f"DuckDB gave {failure or rows}, not what `-- error:` says")
    sort = "" if has_outer_order("\n".join(statement.sql)) else " rowsort"
    if sort:
        rows.sort()
    shown = ["\t".join(row) for row in rows]
    statement.answered = "an error" if failure else in_one_line(shown)
    if statement.differs and not statement.is_pending:
        if statement.sluice_error:
            return lines + [f"query error {statement.sluice_error}", *statement.sql]
        if not statement.sluice:
            raise Wrong("differs, but Sluice's answer is not given")
        if not failure and statement.expected_rows() == shown:
            raise Wrong("said to differ, but both answer the same")
        shown = statement.expected_rows()
        if sort:
            shown.sort(key=lambda row: row.split("\t"))
        letters = "?" * (shown[0].count("\t") + 1 if shown else len(letters))
    if statement.is_pending:
        lines.append("onlyif pending")
    if statement.error:
        return lines + [f"query error {statement.error}", *statement.sql]
    sort = sort if len(shown) > 1 else ""
    return lines + [f"query {letters}{sort}", *statement.sql, "----", *shown]


def write_topic(path, wrong):
    """The text of one .slt file and its statements; what is wrong with them goes to `wrong`."""
    head, statements = read_topic(path)
    con = connect()
    lines = [f"# {line}".rstrip() for line in head]
    source = f"queries/{path.name}"
    lines += ["#", f"# Written by make.py from {source} with DuckDB {DUCKDB_VERSION}.", ""]
    for statement in statements:
        try:
            lines += [*record(con, statement), ""]
        except (duckdb.Error, Wrong) as error:
            wrong.append(f"{statement.where}: {error}\n    {statement.spelling}")
    return "\n".join(lines), statements


def differences(topics):
    """The generated part of docs/differences.md."""
    out = []
    for title, belongs in (
        ("Answers that differ on purpose", lambda s: not s.is_pending and s.sluice),
        ("Statements that Sluice refuses", lambda s: not s.is_pending and s.sluice_error),
        ("What DataFusion gets wrong and Sluice has to mend", lambda s: s.is_pending),
    ):
        reasons = {}
        for name, statements in topics:
            for statement in statements:
                if statement.differs and belongs(statement):
                    reason = statement.differs.removeprefix("datafusion ")
                    reasons.setdefault((name, reason), []).append(statement)
        out += ["", f"## {title}", ""]
        topic = None
        for (name, reason), statements in reasons.items():
            if name != topic:
                out += [""] * (topic is not None) + [f"**{name.replace('_', ' ')}**", ""]
                topic = name
            out.append(f"* {reason[0].upper()}{reason[1:]}.")
            out += [f"  * {listed(statement)}" for statement in statements]
        if not reasons:
            out.append("None.")
    return "\n".join(out).strip("\n")


def listed(statement):
    """One statement with what DuckDB and, where they are rows, Sluice answer."""
    said = f"`{' '.join(' '.join(statement.sql).split())}` DuckDB: {statement.answered}"
    if statement.sluice:
        said += f"; Sluice: {in_one_line(statement.expected_rows())}"
    return said


def in_one_line(rows):
    return " / ".join(f"`{row}`".replace("\t", " ") for row in rows) or "no rows"


def main():
    if duckdb.__version__ != DUCKDB_VERSION:
        sys.exit(f"DuckDB {DUCKDB_VERSION} is needed, this is {duckdb.__version__}")
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: make.py [--check]")
    check_vectors()
    files, topics, wrong = {}, [], []
    for path in sorted((HERE / "queries").glob("*.sql")):
        shown, statements = write_topic(path, wrong)
        files[HERE / f"{path.stem}.slt"] = shown
        topics.append((path.stem, statements))
    if wrong:
        sys.exit("\n".join(wrong))
    total = sum(len(statements) for _, statements in topics)
    hand = DIFFERENCES.read_text(encoding="utf-8").split(GENERATED[0])[0].rstrip()
    generated = [hand, "", GENERATED[0], "", differences(topics), "", GENERATED[1], ""]
    files[DIFFERENCES] = "\n".join(generated)
    stale = [
        path for path, shown in files.items()
        if not path.exists() or path.read_text(encoding="utf-8") != shown
    ]  # fmt: skip
    if sys.argv[1:] == ["--check"]:
        if stale:
            sys.exit("stale: " + ", ".join(path.name for path in stale))
    else:
        for path in stale:
            path.write_text(files[path], encoding="utf-8")
    print(f"{total} statements in {len(topics)} topics, {len(stale)} files changed")


if __name__ == "__main__":
    main()
