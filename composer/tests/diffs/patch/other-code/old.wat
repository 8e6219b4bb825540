(component (core module (func nop)))
