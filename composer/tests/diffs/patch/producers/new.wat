(component (core module) (@producers (processed-by "wit-component" "0.3.0") (language "Rust" "")))
