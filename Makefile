# What one can do here, one line each.
.PHONY: demo test no-std bench fuzz doc
demo: ; cargo run -p fep-gateway --bin fep-gateway -- demo
test: ; cargo fmt --all --check && cargo clippy --workspace --all-targets --all-features -- -D warnings && cargo clippy -p fep-no-std -- -D warnings && cargo test --workspace --all-features && RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps && cargo run -q -p fep-spec --bin fep -- check specs
no-std: ; rustup target add thumbv7em-none-eabi && cargo check -p fep-no-std --target thumbv7em-none-eabi
bench:
	cargo bench -p fep-tests --bench transfer --bench records --bench charsets -- --noplot
	cargo run -q -p fep-tests --bin bench-ratios
fuzz: ; scripts/fuzz.sh
doc: ; cargo doc --workspace --all-features --no-deps --open
