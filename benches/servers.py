"""Servers in Java that the tests also use (`tests/servers`), built with Maven and driven by lines.

A server says `ready` and words of its own, takes a command a line, its words separated by tabs, and
answers each with `ok` or `failed`. The end of its standard input ends it.
"""

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from measure import HERE

SOURCES = HERE.parent / "tests" / "servers"


def built(name, target):
    """Where the classes of a server are; built again where its sources are newer."""
    sources, folder = SOURCES / name, Path(target) / "tmp" / "servers" / name
    jar = folder / f"{name}-1.jar"
    newest = max(path.stat().st_mtime for path in sources.rglob("*"))
    if not jar.exists() or jar.stat().st_mtime < newest:
        argv = ["mvn", "--quiet", "--batch-mode", "package", f"-Dout={folder}"]
        subprocess.run(argv, cwd=sources, check=True)
    return folder


def java(name, target, *arguments, options=()):
    """The command line of a class of a server's, its name and arguments given."""
    folder = built(name, target)
    options = ["-Xmx1g", "-Djava.net.preferIPv4Stack=true", *options]
    return ["java", *options, "-cp", f"{folder}/{name}-1.jar:{folder}/jars/*", *arguments]


class Server:
    """A server that runs."""

    def __init__(self, process):
        self.process = process
        words = process.stdout.readline().split()
        if words[:1] != ["ready"]:
            raise SystemExit(f"does not start: {' '.join(process.args)}")
        self.ready = words[1:]

    def run(self, *words):
        """What it answers to a command."""
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer.startswith("ok"):
            raise SystemExit(f"{' '.join(map(str, words))}: {answer}")
        return answer[2:].strip()


@contextlib.contextmanager
def started(name, target, main, *arguments, options=()):
    """A server whose first argument is a folder of its own, below the target folder, removed at the end."""
    place = Path(target) / "tmp"
    place.mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix=f"bench-{name}", dir=place)
    argv = java(name, target, main, folder, *arguments, options=[*options, f"-Duser.home={folder}"])
    pipe = subprocess.PIPE
    process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
    try:
        yield Server(process)
    finally:
        process.stdin.close()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
