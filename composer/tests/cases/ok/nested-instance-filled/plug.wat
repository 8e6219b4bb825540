(component
  (type $file' (resource (rep i32)))
  (core module $m (func (export "open") (result i32) unreachable))
  (core instance $i (instantiate $m))
  (func $open' (result (own $file')) (canon lift (core func $i "open")))
  (component $c
    (import "file" (type $f (sub resource)))
    (import "open" (func $o (result (own $f))))
    (export $f2 "file" (type $f))
    (export "open" (func $o) (func (result (own $f2)))))
  (instance $inner (instantiate $c (with "file" (type $file')) (with "open" (func $open'))))
  (instance $outer (export "inner" (instance $inner)))
  (export "outer" (instance $outer)))
