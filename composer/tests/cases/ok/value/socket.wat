(component
  (import "log" (func))
  (import "level" (value $v u8))
  (export "level" (value $v)))
