(component (core module) (@producers (processed-by "wit-component" "0.2.0")))
