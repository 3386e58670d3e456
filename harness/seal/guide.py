"""`VERIFY.txt`: how an outsider checks a report with a shell, coreutils, OpenSSH and poppler, and nothing of ours.

The text is a script of plain POSIX sh, its prose in comments, so that what people read is what tests run.
"""

from harness.report.text import one_line
from harness.seal.names import (
    APPROVED_PDF,
    APPROVED_PDF_SIGNATURE,
    ATTESTATION,
    NAMESPACE,
    SUMS,
    UNLISTED,
    Role,
)
from harness.seal.record import Person, Record

_WIDTH = 300

_HEAD = """\
# How to check this report without the program that made it
#
#   report    {number}
#   run       {run}
#   board     {board}
#   verdict   {verdict}{mode}{partial}
#   sealed    {sealed}
#   tester    {tester}
#   approver  {approver}
#   files     {files} (listed in SHA256SUMS)
#{replaces}
# You need a POSIX shell, GNU coreutils 9, OpenSSH 8.9 or later{poppler}; and a file of
# allowed signers: whose key is whose. Take it from where the laboratory publishes it (its site, your contract), never
# from this folder, or a forger would vouch for himself. A line of it is: PERSON ssh-ed25519 KEY
#
# Read these commands before you run them: a forger may have rewritten them. Then, in this folder:
#
#     sh VERIFY.txt /path/to/allowed_signers
#
# It prints a line for each check, and ends with 0 when all of them hold. Dates, permissions and owners of files are not
# sealed.

signers=${{1:?name the file of allowed signers that the laboratory published}}
bad=0
says() {{ printf '%s\\n' "$*" | tr -d '\\000-\\011\\013-\\037\\177'; }}
holds() {{ says "ok:  $*"; }}
fails() {{ says "BAD: $*"; bad=1; }}
LC_ALL=C
export LC_ALL

# 1. Every file that is listed is as it was. What is not is named.
if told=$(sha256sum --check --strict --quiet {sums} 2>&1)
then holds "every listed file is as it was sealed"
else
    says "$told"
    fails "a listed file was changed or removed"
fi

# 2. Nothing was added: as many files as lines, and neither links nor anything else that is no file. What is left
#    out here is made after the list, and cannot stand in it.
entries() {{
    find . ! -type d \\
{others} "$@"
}}
listed=$(wc -l < {sums})
there=$(entries -exec printf 'x%.0s' {{}} + | wc -c)
if [ "$listed" -eq "$there" ] && [ "$listed" -eq {files} ] && [ -z "$(find . ! -type d ! -type f)" ]
then holds "$listed files are listed, and no more are there"
else
    fails "$listed files are listed, {files} were sealed, $there are there; not listed:"
    sed 's/^[0-9a-f]*  //' {sums} | sort > "${{TMPDIR:-/tmp}}/listed.$$"
    entries -print | sed 's,^\\./,,' | sort | comm -13 "${{TMPDIR:-/tmp}}/listed.$$" - | cat -v
    rm -f "${{TMPDIR:-/tmp}}/listed.$$"
fi

# 3. The signatures are over this list, by keys that the laboratory vouches for.
by() {{
    names=$(ssh-keygen -Y find-principals -f "$signers" -s "$1" | tr ',' '\\n' | grep -v '^!')
    who=$(says "$names" | head -n 1)
    [ -n "$who" ] && told=$(ssh-keygen -Y verify -f "$signers" -I "$who" -n {namespace} -s "$1" < "$2") &&
        key=${{told##* }}
}}
signed() {{
    if by "{sums}.$1.sig" {sums}
    then holds "$1: signed by $who"
    else fails "$1: no signature over {sums} by anybody in $signers"; names=; key=
    fi
}}
also() {{
    ssh-keygen -Y verify -f "$signers" -I "$1" -n {namespace} -s "{sums}.$2.sig" < {sums} > /dev/null 2>&1
}}
two_people() {{
    if [ -n "$names" ] && [ "$key" != "$tester_key" ] && ! says "$names" | grep -Fixq -e "$tester" &&
        ! also "$who" tester && ! also "$(says "$tester" | head -n 1)" approver
    then holds "tester and approver are two people"
    else fails "tester and approver are not two people"
    fi
}}
signed tester
tester=$names tester_key=$key approver_key=
"""

_APPROVER = """
# 4. Another person approved.
signed approver
approver_key=$key
two_people
"""

_PERHAPS_APPROVER = """
# 4. No approver was announced. If one signed, it is another person.
if [ -e {sums}.approver.sig ]
then
    signed approver
    approver_key=$key
    two_people
else says "note: nobody approved this report"
fi
"""

_PDF = """
# 5. report.pdf holds the tester's own signature. The exit code of pdfsig says nothing, its text does: each signature is
#    valid, and the last one is over the whole file. Whether a certificate is trusted takes the laboratory's root
#    in an NSS folder: add -nssdir sql:FOLDER.
pdf_signed() {{
    text=$(pdfsig -nocert "$1" 2>&1)
    valid=$(says "$text" | grep -c 'Signature Validation: Signature is Valid\\.')
    all=$(says "$text" | grep -c 'Signature Validation:')
    last=$(says "$text" | grep 'ocument signed' | tail -n 1)
    case "$valid $all $last" in
    "$2 $2 "*"Total document signed") holds "$1: $2 valid signature(s), the last one over the whole file" ;;
    *) fails "$1: $(says "$text" | tr '\\n' ' ')" ;;
    esac
}}
pdf_signed report.pdf 1
if [ -e {approved} ]
then
    # The approver's copy is the tester's file with a second signature behind it, and is signed as a file too.
    pdf_signed {approved} 2
    if head -c "$(wc -c < report.pdf)" {approved} | cmp -s - report.pdf
    then holds "{approved} is report.pdf and a second signature"
    else fails "{approved} is not report.pdf with a second signature"
    fi
    if by {approved_signature} {approved} && [ "$key" = "$approver_key" ]
    then holds "{approved}: signed by $who"
    else fails "{approved}: no signature by an approver in $signers"
    fi
fi
"""

_TIME_STAMP = """
# A time stamp says that a signature existed at its moment. Whoever made that signature signed the time stamp's file,
# too. Whether its service is to be trusted takes openssl and the certificate of the service, and is no condition here:
#
#     openssl ts -verify -data {signature} -in {token} -CAfile ROOT.pem
#     openssl ts -reply -in {token} -text
stamped() {{
    if by "{sums}.$1.sig.tsr.sig" "{sums}.$1.sig.tsr" && [ "$key" = "$2" ]
    then holds "{sums}.$1.sig.tsr: signed by $who"
    else fails "{sums}.$1.sig.tsr: no signature by the $1"
    fi
}}
"""

_STAMPED = """\
stamped tester "$tester_key"
"""

_PERHAPS_STAMPED = """\
if [ -e {sums}.approver.sig.tsr ] || [ -e {sums}.approver.sig.tsr.sig ]
then stamped approver "$approver_key"
fi
"""

_END = """
if [ $bad -eq 0 ]
then says "valid"
else says "NOT valid"
fi
exit $bad
"""


def text(record: Record) -> bytes:
    """Return `VERIFY.txt` for a report that is sealed with this record."""
    words = {
        "sums": SUMS,
        "namespace": NAMESPACE,
        "approved": APPROVED_PDF,
        "approved_signature": APPROVED_PDF_SIGNATURE,
        "signature": Role.TESTER.signature,
        "token": Role.TESTER.token,
        "files": record.files,
        "others": " \\\n".join(f"        ! -path ./{name}" for name in _unlisted(record)),
        "number": _shown(" revision ".join(part for part in (record.number, record.revision) if part)) or "-",
        "run": _shown(record.run),
        "board": _shown(record.board),
        "verdict": record.verdict.words,
        "mode": " (official run)" if record.mode == "official" else " (development run)",
        "partial": ", a part of a run that never came to its end" if record.partial else "",
        "sealed": record.sealed,
        "tester": _person(record.tester),
        "approver": _person(record.approver) if record.approver else "-",
        "replaces": _replaces(record),
        "poppler": ", poppler-utils" if record.signed_pdf else "",
    }
    parts = [_HEAD, _APPROVER if record.approver else _PERHAPS_APPROVER]
    parts += [_PDF] if record.signed_pdf else []
    parts += [_TIME_STAMP, *([_STAMPED] if record.time_stamp else []), _PERHAPS_STAMPED]
    return "".join([*(part.format(**words) for part in parts), _END]).encode()


def _unlisted(record: Record) -> list[str]:
    """Return what may stand in the folder and not in its list."""
    given_up: set[str] = set() if record.signed_pdf else {APPROVED_PDF, APPROVED_PDF_SIGNATURE}
    given_up |= set() if record.attestation else {ATTESTATION}
    given_up |= set() if record.time_stamp else {Role.TESTER.token, Role.TESTER.token_signature}
    return sorted(UNLISTED - given_up)


def _shown(said: str) -> str:
    return one_line(said, _WIDTH)


def _person(person: Person) -> str:
    return " ".join(part for part in (_shown(person.name), person.key) if part) or "-"


def _replaces(record: Record) -> str:
    if record.replaces is None:
        return ""
    old = record.replaces
    number = _shown(" revision ".join(part for part in (old.number, old.revision) if part))
    return (
        f"\n# It replaces report {number}, whose {SUMS} has the SHA-256\n#   {old.sha256}\n# because: "
        f"{_shown(old.reason)}\n#"
    )
