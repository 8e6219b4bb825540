(component
  (import "acme:none/none@1.0.0" (instance))
  (import "log" (func)))
