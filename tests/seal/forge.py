"""What somebody can do who has the tester's key and no scruples: change a sealed run, and seal it again."""

import json
import subprocess

from harness.seal import sums, tree
from harness.seal.guide import text
from harness.seal.names import NAMESPACE, SUMS, UNLISTED
from harness.seal.record import read


def reseal(folder, key, guide=True):
    """List the files as they are now, with a fitting VERIFY.txt or as it is, and sign the list with `key` alone."""
    (folder / "SHA256SUMS.approver.sig").unlink(missing_ok=True)
    names = [name for name in tree.Tree.of(folder).files if name not in UNLISTED]
    record = json.loads((folder / "seal.json").read_bytes())
    record |= {"files": len(names), "approver": None}
    (folder / "seal.json").write_text(json.dumps(record))
    if guide:
        (folder / "VERIFY.txt").write_bytes(text(read((folder / "seal.json").read_bytes())))
    (folder / SUMS).write_bytes(sums.text(tree.hashes(folder, names)))
    signed = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", NAMESPACE],
        input=(folder / SUMS).read_bytes(),
        capture_output=True,
        check=True,
    )
    (folder / "SHA256SUMS.tester.sig").write_bytes(signed.stdout)


def remanifest(folder):
    """Make a manifest of what is there now, as if the run had ended with it."""
    path = folder / "manifest.json"
    record = json.loads(path.read_bytes())
    for entry in record["files"]:
        file = folder / entry["path"]
        entry |= {"size": file.stat().st_size, "sha256": tree.sha256(file)}
    path.write_text(json.dumps(record))


def edit(folder, change):
    """Change the journal's events as JSON values."""
    path = folder / "journal.jsonl"
    events = change([json.loads(line) for line in path.read_bytes().splitlines()])
    path.write_text(
        "".join(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n" for event in events)
    )
