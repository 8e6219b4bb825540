(component
  (import "plugin" (component
    (import "in" (func))
    (export "out" (func)))))
