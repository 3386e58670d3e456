#!/bin/sh
# debians.sh PYTHON FOLDER: print the path of Debian's Python with the packages of PYTHON, made in FOLDER.
# Debian builds it with profiles and in one piece, which spares an emulated processor a quarter of the time against one that
# calls a library of its own. When it is missing or of another version, the path printed is PYTHON.
set -eu
python=$1
folder=$2
version='import sys; print("%d.%d" % sys.version_info[:2])'
packages='import sysconfig; print(sysconfig.get_path("purelib"))'
number=$("$python" -c "$version")
if [ "$(/usr/bin/python3 -c "$version" 2>/dev/null)" != "$number" ]; then
    echo "$python"
    exit 0
fi
mkdir -p "$folder/bin" "$folder/lib/python$number"
printf 'home = /usr/bin\ninclude-system-site-packages = false\n' >"$folder/pyvenv.cfg"
ln -sfn "$("$python" -c "$packages")" "$folder/lib/python$number/site-packages"
ln -sfn /usr/bin/python3 "$folder/bin/python"
if "$folder/bin/python" -c "import harness.cli.main, cryptography.hazmat.bindings._rust, pydantic" 2>/dev/null; then
    echo "$folder/bin/python"
else
    echo "$python"
fi
