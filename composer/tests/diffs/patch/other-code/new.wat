(component (core module (func nop nop)))
