# The main commands of the project.
# Kills the daemon a hundred times, by SIGKILL and at fault points: make kill DEATHS=1000
DEATHS ?= 100
# The Debian package of the daemon: target/debian/*.deb
.PHONY: deb
deb: ; packaging/deb/build.sh
.PHONY: kill demo demo-cluster test sim soak no-std msrv bench bench-gateway bench-reconcile bench-verify bench-stream instructions fuzz doc
demo: ; cargo run -p fep-gateway --bin fep-gateway -- demo
# Two gateways, PostgreSQL, Redis, and a bank that answers on the other's link: make demo-cluster ONCE=1 ends after the comparison
demo-cluster:
	cargo build -p fep-gateway --features postgres,redis --bin fep-gateway --example cluster
	target/debug/examples/cluster $(if $(ONCE),--once)
test: ; scripts/test.sh
kill: ; FEP_KILLS=$(DEATHS) cargo test -p fep-gateway --features fault-points --test kill -- --nocapture
# One seed of the simulation, or a range: make sim SEED=17, make sim SEEDS=0..10000, make sim SEED=17 ARGS="--keep 3,9,40"
# The same with several gateways: make sim CLUSTER=1, make soak CLUSTER=1
SEEDS ?= 0..1000
sim: ; cargo run --release -q -p fep-sim -- $(if $(CLUSTER),--cluster) $(if $(SEED),run $(SEED) $(ARGS),seeds $(SEEDS))
soak: ; cargo run --release -q -p fep-sim -- $(if $(CLUSTER),--cluster) soak --minutes $(or $(MINUTES),60)
no-std: ; rustup target add thumbv7em-none-eabi && cargo check -p fep-no-std --target thumbv7em-none-eabi
msrv: ; scripts/msrv.sh
bench:
	cargo bench -p fep-tests --bench transfer --bench records --bench charsets -- --noplot
	cargo bench -p fep-tests --bench command
	cargo run -q -p fep-tests --bin bench-ratios
# One part of it, or fewer rounds: make bench-gateway ARGS="throughput --callers 64 --rounds 1"
bench-gateway: ; cargo bench -p fep-gateway --features postgres,redis --bench speed -- $(ARGS)
# A million records of a settlement file against a journal, beside DuckDB: pip install duckdb
bench-reconcile:
	cargo build --release -p fep-gateway --bin fep-gateway
	python3 fep-gateway/benches/reconcile.py target/release/fep-gateway
# What a verification costs the gateway whose requests are asked again
bench-verify:
	cargo build --release -p fep-gateway --bin fep-gateway
	python3 fep-gateway/benches/verify_cost.py target/release/fep-gateway
# A stream of quotes to four consumers, beside a broadcast of tokio: make bench-stream ARGS="--rounds 5 --only paced"
bench-stream: ; cargo bench -p fep-stream --bench fan_out -- $(ARGS)
instructions: ; scripts/instructions.sh
fuzz: ; scripts/fuzz.sh
doc: ; cargo doc --workspace --all-features --no-deps --open
