#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tenon_registry_client_fuzz::targets::lock_file(bytes);
});
