(component
  (import "now" (func))
  (import "log" (func)))
