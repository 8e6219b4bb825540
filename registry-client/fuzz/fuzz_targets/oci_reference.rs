#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tenon_registry_client::http::oci::laws::oci_reference(bytes);
});
