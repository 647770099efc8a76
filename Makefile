# Everything a newcomer types: `make demo` and `make test`.
SHELL := /bin/bash
CONFIGURATION ?= release

.PHONY: setup build demo demo-bert demo-llm test check-deep peer-checks bench bench-files bench-engine bench-ledger results attacks successive scale facts classification experiments lint clean

setup:            ## System packages, a Swift that is new enough, and the Swift packages: all that needs a network.
	@scripts/setup.sh
	@swift package resolve

build: setup      ## The tool.
	swift build -c $(CONFIGURATION) --product unlearn-patch
	swift build -c $(CONFIGURATION) --product make-checkpoint
	swift build -c $(CONFIGURATION) --product make-people

demo: build       ## The main job on a language model of invented people; ends with where to look.
	@scripts/demo.sh "$$(swift build -c $(CONFIGURATION) --show-bin-path)"

demo-bert: build  ## Patching a real BERT; fetches it once.
	@scripts/demo-bert.sh "$$(swift build -c $(CONFIGURATION) --show-bin-path)"

demo-llm: build   ## SmolLM2-135M forgets some capitals; fetches it once.
	@scripts/demo-llm.sh "$$(swift build -c $(CONFIGURATION) --show-bin-path)"

test: setup       ## All tests; needs neither network nor Python.
	swift build --build-tests
	swift build --product FaultPoints
	swift test --disable-xctest --skip-build

check-deep: setup ## Hours: faults at every call, the sanitizers over the tests, a long fuzz run (FUZZ_SECONDS a target).
	scripts/check-deep.sh

peer-checks: setup ## Against software that others wrote; needs Python and the network.
	swift build --product unlearn-patch
	swift build --product make-checkpoint
	swift build -c release --product tokenize-lines
	swift build -c release --product run-model
	swift build -c release --product judge-headers
	swift build -c release --product unlearn-patch
	swift build -c release --product make-people
	PeerChecks/run "$$(swift build --show-bin-path)" "$$(swift build -c release --show-bin-path)"

bench: build      ## Speed and memory of commands on a large checkpoint, as ratios in one run.
	Benchmarks/apply "$$(swift build -c $(CONFIGURATION) --show-bin-path)"

bench-files: build ## Model files and patches beside safetensors, NumPy, zstd, xdelta3, openssl and the machine's limits; 14 GB of disk.
	cd Benchmarks && swift build -c release --scratch-path ../.build-benchmarks --product file-benchmark
	[ -x .venv-bench/bin/python ] || { python3 -m venv .venv-bench && .venv-bench/bin/pip install --quiet numpy safetensors==0.8.0; }
	python3 Benchmarks/files.py .build-benchmarks/release/file-benchmark "$$(swift build -c $(CONFIGURATION) --show-bin-path)/unlearn-patch" .venv-bench/bin/python "$${WORK:-.build-benchmarks/files}" $(SECTIONS)

bench-engine: setup ## The engine beside PyTorch: PYTHON has torch and transformers.
	scripts/fetch-minilm.sh models/minilm-l6
	scripts/fetch-smollm2.sh models/smollm2-135m
	cd Benchmarks && swift build -c release --scratch-path ../.build-benchmarks
	python3 Benchmarks/engine.py .build-benchmarks/release/engine-benchmark "$${PYTHON:-.venv-torch/bin/python}" models

bench-ledger: setup ## The ledger at 10,000, 100,000 and 1,000,000 leaves: append, proof, verify, memory; 3 GB of disk.
	cd Benchmarks && swift build -c release --scratch-path ../.build-benchmarks --product ledger-benchmark
	python3 Benchmarks/ledger.py .build-benchmarks/release/ledger-benchmark "$${WORK:-.build-benchmarks/ledger}" $(SIZES)

results: build    ## The table of docs/results.md: makes data, trains models, runs; an hour or two on two cores. QUICK=1: to see that it works.
	Experiments/people "$$(swift build -c $(CONFIGURATION) --show-bin-path)" $(if $(QUICK),--quick)

attacks: build    ## The page of docs/attacks.md: models, patches, attacks; half an hour on two cores. QUICK=1: to see that it works.
	Experiments/attacks "$$(swift build -c $(CONFIGURATION) --show-bin-path)" $(if $(QUICK),--quick)

successive: build ## The page of docs/successive-forgetting.md: ten requests in a row, twice, three seeds, an oracle for each.
	Experiments/successive "$$(swift build -c $(CONFIGURATION) --show-bin-path)" $(if $(QUICK),--quick)

scale: build      ## The page of docs/scale.md: forget sets of 2 to 20 people; a quarter of an hour. QUICK=1: to see that it works.
	Experiments/scale "$$(swift build -c $(CONFIGURATION) --show-bin-path)" $(if $(QUICK),--quick)

facts: build      ## The page of docs/facts.md: facts about countries and quiz facts, fetched once (or FACTS=FOLDER); half an hour on one core.
	swift build -c $(CONFIGURATION) --product tokenize-lines
	Experiments/facts "$$(swift build -c $(CONFIGURATION) --show-bin-path)" $(if $(QUICK),--quick)

classification: build ## The page of docs/classification.md: topics and sentiment, a random tenth or a class forgotten, fetched once (or TOPICS=, SENTIMENT=FOLDER); 25 minutes on one core.
	Experiments/classification "$$(swift build -c $(CONFIGURATION) --show-bin-path)" $(if $(QUICK),--quick)

experiments: results attacks successive scale facts classification ## Every page of results, from data to plots.

lint:
	swift format lint --strict -r Package.swift Sources Tests Experiments/Package.swift Experiments/Sources Fuzz/Package.swift Fuzz/Sources Benchmarks/Package.swift Benchmarks/Sources

clean:
	rm -rf .build demo demo-bert demo-llm models
