(component
    (core module $m (func (export "log")))
    (core instance $i (instantiate $m))
    (func $log (canon lift (core func $i "log")))
    (export "log" (func $log)))
