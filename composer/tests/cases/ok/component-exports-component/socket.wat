(component
  (import "log" (func))
  (component $c
    (import "in" (func $in))
    (export "out" (func $in)))
  (export "plugin" (component $c)))
