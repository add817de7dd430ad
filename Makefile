# The main commands of the project.
# Kills the daemon a hundred times, by SIGKILL and at fault points: make kill DEATHS=1000
DEATHS ?= 100
.PHONY: kill demo test no-std msrv bench bench-gateway instructions fuzz doc
demo: ; cargo run -p fep-gateway --bin fep-gateway -- demo
test: ; scripts/test.sh
kill: ; FEP_KILLS=$(DEATHS) cargo test -p fep-gateway --features fault-points --test kill -- --nocapture
no-std: ; rustup target add thumbv7em-none-eabi && cargo check -p fep-no-std --target thumbv7em-none-eabi
msrv: ; scripts/msrv.sh
bench:
	cargo bench -p fep-tests --bench transfer --bench records --bench charsets -- --noplot
	cargo bench -p fep-tests --bench command
	cargo run -q -p fep-tests --bin bench-ratios
# One part of it, or fewer rounds: make bench-gateway ARGS="throughput --callers 64 --rounds 1"
bench-gateway: ; cargo bench -p fep-gateway --bench speed -- $(ARGS)
instructions: ; scripts/instructions.sh
fuzz: ; scripts/fuzz.sh
doc: ; cargo doc --workspace --all-features --no-deps --open
