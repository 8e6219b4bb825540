(component (core module (memory 1) (memory 1) (func $x return_call $x)))
