# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a release in build/release (make release): collection, wheel, what they stand on, and checksums.

What is released is the last commit, whatever else lies in the tree. Collection and wheel are built twice, in folders
and at times that differ, and must be the same bytes. Nothing is uploaded.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RELEASE = ROOT / "build" / "release"
TOOLS = Path(sys.executable).parent
LOCK = ROOT / "meta" / "ee-lock.txt"


def main() -> int:
    """Return 0 when all is made, 1 when two builds differ or a library has a known vulnerability."""
    os.umask(0o022)  # modes are part of the archives
    shutil.rmtree(RELEASE, ignore_errors=True)
    RELEASE.mkdir(parents=True)
    epoch = commit_time()
    with tempfile.TemporaryDirectory() as once, tempfile.TemporaryDirectory() as again:
        built = build(Path(once), epoch)
        if different := _different(built, build(Path(again), epoch)):
            print(f"Two builds differ: {', '.join(different)}", file=sys.stderr)
            return 1
        for file in built:
            shutil.copy(file, RELEASE)
    with tempfile.TemporaryDirectory() as folder:
        python = _installed(Path(folder))
        _describe(python, epoch)
        sound = _audit(python)
    _write_checksums()
    print("\n".join(f"{file.stat().st_size:>9} {file.name}" for file in sorted(RELEASE.iterdir())))
    return 0 if sound else 1


def commit_time() -> int:
    """Return the time that all files of the release have, in seconds since 1970: that of the commit."""
    told = os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct").decode()
    return int(told)


def _git(*arguments: str) -> bytes:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout


# The collection and the wheel


def build(folder: Path, epoch: int) -> list[Path]:
    """Return the archives of the last commit, built in a folder that is empty."""
    tree = folder / "tree"
    with tarfile.open(fileobj=io.BytesIO(_git("archive", "HEAD"))) as archive:
        archive.extractall(tree)  # noqa: S202 - our own commit
    return [build_collection(tree, folder, epoch), _build_wheel(tree, folder, epoch)]


def build_collection(tree: Path, folder: Path, epoch: int) -> Path:
    """Build a collection's archive that depends on its files alone, not on their times, order or modes of the umask."""
    raw = folder / "raw"
    _run(str(TOOLS / "ansible-galaxy"), "collection", "build", "--output-path", str(raw), cwd=tree)
    [built] = raw.glob("*.tar.gz")
    return repacked(built, folder / built.name, epoch)


def repacked(built: Path, target: Path, epoch: int) -> Path:
    """Write a collection's archive again with its files in the order of their names, and all of one time."""
    with tarfile.open(built) as archive:
        contents = {member: _content(archive, member) for member in archive.getmembers()}
    named = {member.name: content for member, content in contents.items()}
    listed = json.loads(named["FILES.json"])
    listed["files"].sort(key=lambda entry: entry["name"])
    manifest = json.loads(named["MANIFEST.json"])
    rewritten = {"FILES.json": _json(listed)}
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(
        rewritten["FILES.json"]
    ).hexdigest()
    rewritten["MANIFEST.json"] = _json(manifest)
    with (
        target.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        # Ansible reads MANIFEST.json first, and that is at the beginning where it is found without reading all.
        for member in sorted(
            contents, key=lambda member: (member.name not in rewritten, member.name)
        ):
            content = rewritten.get(member.name, contents[member])
            member.mtime, member.size = epoch, len(content)
            archive.addfile(member, io.BytesIO(content))
    return target


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member) if member.isfile() else None
    return file.read() if file else b""


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=1).encode()


def _build_wheel(tree: Path, folder: Path, epoch: int) -> Path:
    out = folder / "wheel"
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(out),
        str(tree),
    ]
    _run(*command, cwd=tree, SOURCE_DATE_EPOCH=str(epoch))
    [wheel] = out.glob("*.whl")
    return wheel


def _different(built: Iterable[Path], again: Iterable[Path]) -> list[str]:
    pairs = zip(built, again, strict=True)
    return [one.name for one, other in pairs if one.read_bytes() != other.read_bytes()]


# What it stands on


def _installed(folder: Path) -> Path:
    """Install the wheel and what a controller needs, in the versions of the lock; return the Python that has it."""
    venv.create(folder)  # without pip, which nobody gets with Drover
    python = folder / "bin" / "python"
    [wheel] = RELEASE.glob("*.whl")
    pip = (
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "--quiet",
        "--disable-pip-version-check",
    )
    _run(*pip, "install", "--constraint", str(LOCK), f"{wheel}[ansible,view]")
    return python


def _describe(python: Path, epoch: int) -> None:
    """Write the parts with their licences: as CycloneDX, and as a table for people."""
    sbom = RELEASE / "drover-sbom.cdx.json"
    _run(
        str(TOOLS / "cyclonedx-py"), "environment", "--output-reproducible",
        "--pyproject", str(ROOT / "pyproject.toml"), "--output-file", str(sbom), str(python),
        SOURCE_DATE_EPOCH=str(epoch),
    )  # fmt: skip
    rows = sorted(map(_row, json.loads(sbom.read_text(encoding="utf-8"))["components"]))
    table = "".join(
        f"| {' | '.join(row)} |\n" for row in (("part", "version", "licence"), ("---",) * 3, *rows)
    )
    text = f"# What a controller with Drover consists of\n\n{table}"
    (RELEASE / "drover-licences.md").write_text(text, encoding="utf-8")


def _row(component: Mapping[str, Any]) -> tuple[str, str, str]:
    told = [
        entry.get("expression") or entry["license"].get("id") or entry["license"].get("name", "")
        for entry in component.get("licenses", [])
    ]
    named = [
        licence
        for licence in dict.fromkeys(told)
        if licence and not licence.startswith("declared license")
    ]
    return component["name"], component["version"], "; ".join(named) or "not declared"


def _audit(python: Path) -> bool:
    """Return whether no part has a known vulnerability; what could not be looked up is said, and does not count."""
    report = RELEASE / "drover-audit.json"
    [packages] = python.parents[1].glob("lib/python*/site-packages")
    command = [
        str(TOOLS / "pip-audit"), "--path", str(packages), "--format", "json", "--output", str(report),
        "--skip-editable", "--progress-spinner", "off",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = (
        json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {"dependencies": []}
    )
    vulnerable, skipped = judged(told)
    for sentence in vulnerable:
        print(sentence, file=sys.stderr)
    if skipped or not told["dependencies"]:
        what = ", ".join(skipped) or f"anything ({done.stderr.strip()[-200:]})"
        print(
            f"NOT AUDITED (database out of reach, or part not in it): {what}",
            file=sys.stderr,
        )
    return not vulnerable


def judged(report: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return a sentence for each part with known vulnerabilities, and the names of the parts that nobody looked up."""
    parts = [part for part in report["dependencies"] if part["name"] != "drover-planner"]
    vulnerable = [
        f"{part['name']} {part['version']} has known vulnerabilities: "
        + ", ".join(entry["id"] for entry in part["vulns"])
        for part in parts
        if part.get("vulns")
    ]
    return vulnerable, [part["name"] for part in parts if "skip_reason" in part]


def _write_checksums() -> None:
    files = sorted(file for file in RELEASE.iterdir() if file.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (RELEASE / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _run(*command: str, cwd: Path | None = None, **variables: str) -> None:
    subprocess.run(
        command, cwd=cwd, env={**os.environ, **variables}, check=True, stdout=subprocess.DEVNULL
    )


if __name__ == "__main__":
    sys.exit(main())
