#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tenon_composer_fuzz::targets::wac_resolve(bytes);
});
