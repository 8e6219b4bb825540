;; A clock of an older make, whose time is a smaller number.
(component
  (core module $clock
    (func (export "now") (result i32) (i32.const 7)))
  (core instance $clock (instantiate $clock))
  (func $now (result u32) (canon lift (core func $clock "now")))
  (instance $ticker (export "now" (func $now)))
  (export "example:clock/ticker@0.1.0" (instance $ticker)))
