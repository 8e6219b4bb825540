(component
    (import "engine" (core module
      (import "env" "memory" (memory 1))
      (import "env" "call" (func (param i32) (result i64)))
      (export "run" (func (param i32) (result i64)))
      (export "table" (table 1 funcref))
      (export "global" (global (mut i32)))))
    (core module $m (func (export "log")))
    (core instance $i (instantiate $m))
    (func $log (canon lift (core func $i "log")))
    (export "log" (func $log)))
