(component
  (import "engine" (core module
    (import "env" "memory" (memory 1))
    (import "env" "call" (func (param i32) (result i64)))
    (export "run" (func (param i32) (result i64)))
    (export "table" (table 1 funcref))
    (export "global" (global (mut i32)))))
  (import "log" (func)))
