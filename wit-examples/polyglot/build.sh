#!/bin/sh
# Builds the components from the sources. clock.wat needs no building.
# Needs: wasm-tools; wit-bindgen (crate wit-bindgen-cli);
#   C: Python with the package ziglang;
#   Rust: cargo with the target wasm32-unknown-unknown;
#   JavaScript: componentize-qjs (npm), started by npx or named in COMPONENTIZE;
#   ADAPTER: the path of wasi_snapshot_preview1.command.wasm, which the crate
#   wasi-preview1-component-adapter-provider holds.
set -eu
cd "$(dirname "$0")"
: "${ADAPTER:?must name wasi_snapshot_preview1.command.wasm}"
mkdir -p build

c() { # name and options of the compiler
  name=$1
  shift
  wit-bindgen c wit --world "demo:$name/$name" --out-dir build
  python3 -m ziglang cc -target wasm32-wasi -Os -s "$@" -Ibuild "src/$name.c" \
    "build/$name.c" "build/${name}_component_type.o" -o "build/$name.wasm"
}

c cli
wasm-tools component new build/cli.wasm --adapt "wasi_snapshot_preview1=$ADAPTER" -o cli.wasm
for name in imaging text; do
  c $name -mexec-model=reactor
  wasm-tools component new build/$name.wasm -o $name.wasm
done

cargo build --release --target wasm32-unknown-unknown --manifest-path src/log/Cargo.toml --target-dir build
wasm-tools component new build/wasm32-unknown-unknown/release/log_component.wasm -o log.wasm

${COMPONENTIZE:-npx componentize-qjs} --wit wit --world demo:app/app --js src/app.js \
  --stub-wasi --opt-size --sync --output app.wasm
