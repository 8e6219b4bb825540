#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tenon_registry_server::oci::laws::oci_digest(bytes);
});
