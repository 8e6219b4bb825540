(component
  (import "file" (type $f (sub resource)))
  (import "open" (func $open (result (own $f))))
  (export "get" (func $open)))
