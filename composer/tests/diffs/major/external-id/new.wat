(component (import "main" (external-id "y") (instance (export "f" (func)))))
