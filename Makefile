# What one can do here, one line each.
.PHONY: demo test no-std msrv bench fuzz doc
demo: ; cargo run -p fep-gateway --bin fep-gateway -- demo
test: ; scripts/test.sh
no-std: ; rustup target add thumbv7em-none-eabi && cargo check -p fep-no-std --target thumbv7em-none-eabi
msrv: ; scripts/msrv.sh
bench: ; cargo bench -p fep-tests --bench transfer --bench records --bench charsets -- --noplot && cargo run -q -p fep-tests --bin bench-ratios
fuzz: ; cargo run -q -p fep-tests --bin fuzz-corpus -- seed && for target in decode_dynamic decode_derived layouts spec json frames record_file text; do ASAN_OPTIONS=malloc_context_size=3 RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir fuzz $$target -- -max_total_time=$${FUZZ_SECONDS:-60} -max_len=2048 -timeout=10 || exit 1; done
doc: ; cargo doc --workspace --all-features --no-deps --open
