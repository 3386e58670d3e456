# Set-up and every check of the project. `make demo` and `make test` are all a newcomer needs.
VENV   ?= .venv
PYTHON ?= python3.11
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
BENCH  := .venv-bench
ALLURE := .allure

# Without compiled files every start would compile again all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test collected lint types layers mutants device-mutants firmware-mutants carrier-mutants explore-mutants slow-test service-test link-test benches-test benches-test-full fuzz browser-test allure-test lab-test lab-bench recipes-test exhaustive bench firmware firmware-test clean help

help:  ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

# Boards that mostly wait for our firmware: several run at once, and each one's result is printed when it ends.
DEMO_FIRMWARE := virtual-se-third-party virtual-se-alios virtual-km-link-sdk virtual-tee
DEMO_RUNS     := $(DEMO_FIRMWARE:%=demo-of-%) demo-of-simulated demo-of-verify
.PHONY: $(DEMO_RUNS)

demo: $(READY)  ## take a virtual board of each carrier through onboarding and self-verification, and print where the reports are
	tools/ensure-command.sh gcc gcc libc6-dev
	tools/ensure-command.sh mosquitto mosquitto
	@echo "$(words $(DEMO_RUNS)) runs, four at a time: what each found follows when it ends, after some minutes."
	@$(MAKE) --no-print-directory --jobs=4 --output-sync=target $(DEMO_RUNS)

$(DEMO_FIRMWARE:%=demo-of-%): demo-of-%:
	$(BIN)/harness run --quick --quiet boards/$*.yaml

demo-of-simulated:
	$(BIN)/harness run boards/virtual-se-i2c.yaml boards/virtual-se-sm4.yaml boards/virtual-se-mtk.yaml boards/virtual-module.yaml boards/virtual-module-at.yaml boards/virtual-puf.yaml boards/virtual-demo.yaml boards/recorded-console.yaml boards/virtual-business-server.yaml

demo-of-verify:
	$(BIN)/harness verify boards/virtual-rebuild.yaml

test: $(READY)  ## lint, types, layers and the default tests
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint types layers collected
	tools/ensure-command.sh gcc gcc libc6-dev
	tools/ensure-command.sh cpio cpio
	tools/ensure-command.sh ssh-keygen openssh-client
	tools/ensure-command.sh openssl openssl
	$(BIN)/python -m pytest -q -n auto

# Once, beside mypy: else each process of the tests would rewrite the same assertions, half a minute in a fresh clone.
collected: $(READY)  ## every default test can be found; keeps what pytest makes of the files
	$(BIN)/python -m pytest --collect-only -q > $(VENV)/collected || { cat $(VENV)/collected; exit 1; }
	@tail -n 1 $(VENV)/collected

lint: $(READY)  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## mypy --strict
	$(BIN)/mypy

layers: $(READY)  ## import-linter: layers import downwards only
	$(BIN)/lint-imports

mutants: device-mutants firmware-mutants carrier-mutants explore-mutants  ## run the suites on every broken device and firmware and print which scenario caught which

device-mutants: $(READY)  ## of these: broken chips, modules, PUFs, consoles and links
	tools/ensure-command.sh mosquitto mosquitto
	$(BIN)/python -m pytest -q -s -m mutants tests/mutants/test_mutants.py tests/mutants/test_console_mutants.py tests/mutants/test_whole_run_mutants.py tests/mutants/test_module_mutants.py tests/mutants/test_puf_mutants.py

firmware-mutants: $(READY)  ## of these: our firmware with each fault that can be compiled into it, on Linux and on the emulated Cortex-M3
	tools/ensure-command.sh gcc gcc libc6-dev
	tools/ensure-command.sh arm-none-eabi-gcc gcc-arm-none-eabi libnewlib-arm-none-eabi
	tools/ensure-command.sh qemu-system-arm qemu-system-arm
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -rfEP -m mutants tests/mutants/test_firmware_calls.py tests/mutants/test_firmware_hal.py tests/mutants/test_firmware_osa.py

carrier-mutants: $(READY)  ## of these: boards of each system and carrier that are wrong, among them what a rebuild shows
	tools/ensure-command.sh gcc gcc libc6-dev
	tools/ensure-command.sh arm-none-eabi-gcc gcc-arm-none-eabi libnewlib-arm-none-eabi
	tools/ensure-command.sh qemu-system-arm qemu-system-arm
	tools/ensure-command.sh mosquitto mosquitto
	$(BIN)/python -m pytest -q -n 3 --dist loadfile -rfEP -m mutants tests/mutants/test_firmware_platform.py tests/mutants/test_firmware_link.py tests/mutants/test_firmware_tee.py tests/mutants/test_firmware_verify.py

explore-mutants: $(READY)  ## of these: how many state-dependent faults exploring finds
	tools/ensure-command.sh gcc gcc libc6-dev
	$(BIN)/python -m pytest -q -s -m mutants tests/mutants/test_explore.py

slow-test: $(READY)  ## tests that take long one by one: whole runs, long streams, a wheel installed afresh, the pages on extensions
	tools/ensure-command.sh ssh-keygen openssh-client
	tools/ensure-command.sh openssl openssl
	tools/ensure-command.sh pdfsig poppler-utils
	$(BIN)/python -m pytest -q -n auto -m "slow and not exhaustive and not service" tests

service-test: $(READY)  ## the mock service under kill -9, load, fuzzed requests, and broken customer servers
	$(BIN)/python -m pytest -q -s -m service tests

link-test: $(READY)  ## the gateway with mosquitto upstream: the link suite, 1,000 devices at once
	tools/ensure-command.sh mosquitto mosquitto
	tools/ensure-command.sh tshark tshark
	$(BIN)/python -m pytest -q -s -m link tests

benches-test: $(READY) $(BENCH)/.ready  ## campaigns on three hosts with a real sshd each, in a network namespace, under every fault; root only
	tools/ensure-command.sh /usr/sbin/sshd openssh-server
	tools/ensure-command.sh ip iproute2
	LABGRID=$(CURDIR)/$(BENCH)/bin $(BIN)/python -m pytest -q -n 2 -m lab tests/benches

benches-test-full: $(READY) $(BENCH)/.ready  ## 1,000 boards: 3 hosts of 334 and 32 hosts of 32, and a dead host among them; places; prints the figures; root only
	tools/ensure-command.sh /usr/sbin/sshd openssh-server
	tools/ensure-command.sh ip iproute2
	$(BIN)/python benchmarks/benches.py
	LABGRID=$(CURDIR)/$(BENCH)/bin $(BIN)/python benchmarks/places.py

fuzz: $(READY)  ## hostile bytes at the parsers of iTLS, for FUZZ_SECONDS (300)
	FUZZ_SECONDS=$${FUZZ_SECONDS:-300} $(BIN)/python -m pytest -q -s -m fuzz tests

firmware-test: $(READY)  ## the C files: compilers, sizes, lint, sanitizers, libFuzzer for FUZZ_SECONDS (120); the emulated Cortex-M3
	tools/ensure-command.sh gcc gcc libc6-dev
	tools/ensure-command.sh arm-none-eabi-gcc gcc-arm-none-eabi libnewlib-arm-none-eabi
	tools/ensure-command.sh riscv64-unknown-elf-gcc gcc-riscv64-unknown-elf
	tools/ensure-command.sh clang clang libclang-rt-dev
	tools/ensure-command.sh clang-tidy clang-tidy
	tools/ensure-command.sh cppcheck cppcheck
	tools/ensure-command.sh qemu-system-arm qemu-system-arm
	$(MAKE) --no-print-directory -C firmware test FUZZ_SECONDS=$${FUZZ_SECONDS:-120}
	$(BIN)/python -m pytest -q -m firmware tests

firmware: $(READY)  ## build our firmware for each machine and carrier, and print sizes
	tools/ensure-command.sh gcc gcc libc6-dev
	tools/ensure-command.sh arm-none-eabi-gcc gcc-arm-none-eabi libnewlib-arm-none-eabi
	$(BIN)/python tools/firmware_sizes.py

browser-test: $(READY)  ## the console driven in headless Chromium, which is installed when it is missing
	tools/ensure-command.sh chromium chromium fonts-noto-cjk
	tools/ensure-command.sh pdftotext poppler-utils
	$(BIN)/python -m pytest -q -m browser tests

allure-test: $(READY) $(ALLURE)/.ready  ## the Allure command reads what the harness writes, and counts the same
	ALLURE=$(ALLURE)/node_modules/.bin/allure $(BIN)/python -m pytest -q -m allure tests/report

lab-test: $(READY)  ## the suites and bus checks on the kernel's own drivers, in QEMU guests
	LAB_PYTHON=$(BIN)/python tools/lab/test.sh

recipes-test: $(READY)  ## units of systemd, the Containerfile and the recipes for CI: as systemd, hadolint, schemas and our command line have them
	tools/ensure-command.sh systemd-analyze systemd
	LABGRID=$(CURDIR)/$(BENCH)/bin $(BIN)/python -m pytest -q -m recipes tests/recipes

lab-bench: $(READY)  ## the benchmarks on the kernel's own buses, in QEMU guests, and a replay of a lab run
	LAB_PYTHON=$(BIN)/python BENCH_ARGUMENTS="$(BENCH_ARGUMENTS)" tools/lab/bench.sh

exhaustive: $(READY)  ## every replacement of every character that matters in the captured consoles; each fault of the port alone
	$(BIN)/python -m pytest -q -m exhaustive tests

bench: $(BENCH)/.ready  ## the benchmarks, each printing ratios measured side by side
	$(BENCH)/bin/python benchmarks/expect.py
	$(BENCH)/bin/python benchmarks/apdu.py
	$(BENCH)/bin/python benchmarks/scenario.py
	$(BENCH)/bin/python benchmarks/startup.py
	$(BENCH)/bin/python benchmarks/service.py
	$(BENCH)/bin/python benchmarks/itls.py
	$(BENCH)/bin/python benchmarks/buses.py
	$(BENCH)/bin/python benchmarks/recording.py
	$(BENCH)/bin/python benchmarks/replay.py
	$(BENCH)/bin/python benchmarks/probe.py
	$(BENCH)/bin/python benchmarks/report.py
	$(BENCH)/bin/python benchmarks/many_boards.py

clean:  ## remove what the targets made, but not runs/
	rm -rf $(VENV) $(BENCH) $(ALLURE) .firmware .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): requirements.lock pyproject.toml tools/ensure-python.sh
	tools/ensure-python.sh $(PYTHON) $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(BENCH)/.ready: requirements-bench.lock pyproject.toml tools/ensure-python.sh
	tools/ensure-python.sh $(PYTHON) $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(ALLURE)/.ready: tools/allure/package.json tools/allure/package-lock.json
	tools/ensure-command.sh npm npm
	mkdir -p $(ALLURE)
	cp tools/allure/package.json tools/allure/package-lock.json $(ALLURE)/
	npm ci --prefix $(ALLURE) --no-audit --no-fund --loglevel=error
	@touch $@
