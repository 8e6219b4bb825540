#!/bin/sh
# Builds mw.wasm and backend.wasm from the Rust sources.
# Needs: cargo with the target wasm32-unknown-unknown, wasm-tools.
set -eu
cd "$(dirname "$0")"
cargo build --release --target wasm32-unknown-unknown --target-dir build
for name in mw backend; do
  wasm-tools component new "build/wasm32-unknown-unknown/release/$name.wasm" -o "$name.wasm"
done
