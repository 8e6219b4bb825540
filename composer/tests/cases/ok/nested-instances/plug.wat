(component
  (import "outer" (instance $outer
    (export "inner" (instance
      (export "file" (type (sub resource)))))
    (export "name" (func (result string)))))
  (core module $m (func (export "log")))
  (core instance $i (instantiate $m))
  (func $log (canon lift (core func $i "log")))
  (export "log" (func $log)))
