;; The clock. No memory: one number in a global.
(component
  (core module $clock
    (global $time (mut i64) (i64.const 0))
    (func (export "now") (result i64)
      (global.set $time (i64.add (global.get $time) (i64.const 10)))
      (global.get $time)))
  (core instance $i (instantiate $clock))
  (func $now (result u64) (canon lift (core func $i "now")))
  (instance $exports (export "now" (func $now)))
  (export "example:clock/ticker@0.1.0" (instance $exports)))
