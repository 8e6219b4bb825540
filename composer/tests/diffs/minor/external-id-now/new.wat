(component (import "main" (external-id "x") (instance (export "f" (func)))))
